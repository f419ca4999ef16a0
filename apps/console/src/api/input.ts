import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';
import { fileStates, requestStates } from '@coldroom/domain';
import type { Wanted } from '@coldroom/operations';
import type { FileFilter, RequestFilter, RetrievalOrder } from '@coldroom/register';
import { filterOf, idText, searchFields } from '../files/input';
import { writtenText } from '../requests/input';
import { orderOf, wantedIn } from '../retrievals/input';

export const decision = z
  .strictObject({
    decision: z.enum(['approve', 'decline', 'withdraw']),
    filesets: z
      .array(writtenText(200))
      .min(1)
      .max(10_000)
      .optional()
      .describe('Only these whole filesets: the rest becomes a New request of its own'),
    reason: writtenText(1000).optional().describe('Needed to decline: the requester reads it'),
    store: writtenText(100).optional().describe('The store to archive it in'),
  })
  .refine((given) => given.decision !== 'withdraw' || Object.keys(given).length === 1, 'withdraw takes no other field')
  .meta({ id: 'Decision' });
export type Decision = z.output<typeof decision>;

export const limitField = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'must be a number from 1 to 1000')
  .transform(Number)
  .refine((limit) => limit <= 1000, 'must be a number from 1 to 1000')
  .default(100)
  .describe('How many, up to 1000; 100 without it');

/** Where a page of a list starts, and how long it is. */
export const page = z.strictObject({
  cursor: idText.optional().describe('`next` of the page before'),
  limit: limitField,
});
export type Page = z.output<typeof page>;

export const oneOrMore = <Each extends z.ZodType>(each: Each) =>
  z
    .union([each, z.array(each)])
    .transform((given) => [given].flat() as z.output<Each>[])
    .optional()
    .describe('May be repeated');

export const fileQuery = z.strictObject({
  ...page.shape,
  ...searchFields,
  state: oneOrMore(z.enum(fileStates)),
});

/** Which files; states are those of the register. */
export function fileFilterOf(query: z.output<typeof fileQuery>): FileFilter {
  const { cursor, limit, state, ...search } = query;
  return { ...filterOf({ ...search, after: cursor }), ...(state && { states: state }), limit: limit + 1 };
}

const name = writtenText(200).optional();
/** OMERO's root has the number 0. */
const omeroId = z
  .string()
  .regex(/^\d{1,18}$/, 'must be a whole number, such as 12')
  .transform(BigInt)
  .optional();

export const requestQuery = z.strictObject({
  ...page.shape,
  state: oneOrMore(z.enum(requestStates)),
  group: omeroId.describe("OMERO's number of the group"),
  owner: omeroId.describe("OMERO's number of the owner of the images"),
  store: name.describe('Only requests with files in this store'),
  text: name.describe('A part of the name of the owner, the requester or the group, or the number of the request'),
  proposed: z.literal('true').optional().describe('Also proposals of policies to which their owners can still object'),
});

export function requestFilterOf(query: z.output<typeof requestQuery>): RequestFilter {
  const { state, group, owner, store, text, proposed } = query;
  return { states: state, groupId: group, ownerId: owner, store, text, withProposals: proposed !== undefined };
}

const retrievalTargets = z
  .array(writtenText(10_000))
  .min(1)
  .max(1000)
  .describe(
    '`Image:1,2`, `Dataset:4`, `Project:2`, `Plate:5`, `Screen:6`, `Fileset:9` or `Request:3`; at most 1000 objects',
  );

export const retrievalBody = z
  .strictObject({
    targets: retrievalTargets,
    way: z.enum(['restore', 'recall']),
    days: z.int().optional().describe('How long recalled files stay; 14 without it'),
    seen: z
      .string()
      .max(100)
      .optional()
      .describe('From a dry run: requests nothing if datasets, projects, plates or screens have other images now'),
    dryRun: z.boolean().default(false).describe('Only answer what it would mean'),
  })
  .meta({ id: 'RetrievalOrder' });

export const cancellationBody = z
  .strictObject({
    targets: retrievalTargets,
    seen: z
      .string()
      .max(100)
      .optional()
      .describe('From a dry run: cancels nothing if datasets, projects, plates or screens have other images now'),
    dryRun: z.boolean().default(false).describe('Only answer what it would mean'),
  })
  .meta({ id: 'CancellationOrder' });

export function retrievalOf({ targets, way, days, seen }: z.output<typeof retrievalBody>): {
  readonly wanted: Wanted;
  readonly order: RetrievalOrder;
} {
  if (way === 'restore' && days !== undefined) throw new BadRequestException('days: only a recall has days');
  return { wanted: { ...wantedIn(targets.join(' ')), seen }, order: orderOf(way, days) };
}
