import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';
import { fileStates } from '@coldroom/domain';
import type { Wanted } from '@coldroom/operations';
import type { FileFilter, RetrievalOrder } from '@coldroom/register';
import { filterOf, idText, searchFields } from '../files/input';
import { orderOf, wantedIn } from '../retrievals/input';

const decision = z
  .strictObject({
    decision: z.enum(['approve', 'decline', 'withdraw']),
    filesets: z.array(z.string().max(200)).min(1).max(10_000).optional(),
    reason: z.string().max(1000).optional(),
    store: z.string().max(100).optional(),
  })
  .refine((given) => given.decision !== 'withdraw' || Object.keys(given).length === 1, 'withdraw takes no other field');

export function parseApiDecision(body: unknown): z.output<typeof decision> {
  return parsed(decision, body, 'the body');
}

export const limitField = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'must be a number from 1 to 1000')
  .transform(Number)
  .refine((limit) => limit <= 1000, 'must be a number from 1 to 1000')
  .default(100);

const page = z.strictObject({ cursor: idText.optional(), limit: limitField });

/** Where a page of a list starts, and how long it is. */
export function parsePage(query: unknown): z.output<typeof page> {
  return parsed(page, query, 'the query');
}

const fileQuery = z.strictObject({
  ...page.shape,
  ...searchFields,
  state: z
    .union([z.enum(fileStates), z.array(z.enum(fileStates))])
    .transform((one) => [one].flat())
    .optional(),
});

/** Which files; states are those of the register. */
export function parseFileQuery(query: unknown): { readonly filter: FileFilter; readonly limit: number } {
  const { cursor, limit, state, ...search } = parsed(fileQuery, query, 'the query');
  return { filter: { ...filterOf({ ...search, after: cursor }), ...(state && { states: state }) }, limit };
}

const retrieval = z.strictObject({
  targets: z.array(z.string().max(10_000)).min(1).max(1000),
  way: z.enum(['restore', 'recall']),
  days: z.number().int().optional(),
  dryRun: z.boolean().default(false),
});

/** `{"targets": ["Image:1,2", "Fileset:9"], "way": "recall", "days": 14}` */
export function parseRetrieval(body: unknown): {
  readonly wanted: Wanted;
  readonly order: RetrievalOrder;
  readonly dryRun: boolean;
} {
  const { targets, way, days, dryRun } = parsed(retrieval, body, 'the body');
  if (way === 'restore' && days !== undefined) throw new BadRequestException('days: only a recall has days');
  return { wanted: wantedIn(targets.join(' ')), order: orderOf(way, days), dryRun };
}

function parsed<T extends z.ZodType>(schema: T, given: unknown, what: string): z.output<T> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BadRequestException(`${issue?.path.join('.') || what}: ${issue?.message}`);
}
