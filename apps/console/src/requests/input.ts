import { BadRequestException, NotFoundException } from '@nestjs/common';
import { z } from 'zod';

export const largestId = 9_223_372_036_854_775_807n;

/** An id of PostgreSQL's bigint. What cannot be one is not found, like any other. */
export function parseId(text: string): bigint {
  const id = /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : undefined;
  if (id === undefined || id > largestId) throw new NotFoundException();
  return id;
}

/** What people write: PostgreSQL cannot keep a zero byte. */
export const writtenText = (most: number) =>
  z
    .string()
    .max(most)
    .refine((text) => !text.includes('\0'), 'must not have a zero byte');

/** Of the stop that was seen. */
export const seenStop = z.iso
  .datetime()
  .transform((text) => new Date(text))
  .describe('The newest `changedAt` of the stops that you have seen');

const decision = z.strictObject({
  _csrf: z.string().optional(),
  revision: z.coerce.number().int().min(1).max(2_147_483_647),
  filesets: z
    .union([writtenText(200), z.array(writtenText(200)).max(200)])
    .transform((one) => (typeof one === 'string' ? [one] : one))
    .optional(),
  /** The form has ticks: a browser sends nothing at all of a form in which none is set. */
  choosing: z.literal('true').optional(),
  reason: writtenText(1000).optional(),
  store: writtenText(100).optional(),
});

/** As `parse`; what does not fit is refused with the name of the field. */
export function parseAs<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadRequestException(`${issue?.path.join('.') || 'the request'}: ${issue?.message}`);
}

/** What a decision says; unknown fields are refused. */
export function parseDecision(
  body: unknown,
): Pick<z.output<typeof decision>, 'revision' | 'filesets' | 'reason' | 'store'> {
  const { revision, choosing, reason, store, ...fields } = parseAs(decision, body);
  const filesets = fields.filesets ?? (choosing && []);
  return {
    revision,
    ...(filesets ? { filesets } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(store ? { store } : {}),
  };
}
