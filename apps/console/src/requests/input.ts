import { BadRequestException, NotFoundException } from '@nestjs/common';
import { z } from 'zod';

const largestId = 9_223_372_036_854_775_807n;

/** An id of PostgreSQL's bigint. What cannot be one is not found, like any other. */
export function parseId(text: string): bigint {
  const id = /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : undefined;
  if (id === undefined || id > largestId) throw new NotFoundException();
  return id;
}

const decision = z.strictObject({
  _csrf: z.string().optional(),
  revision: z.coerce.number().int().min(1).max(2_147_483_647),
  filesets: z
    .union([z.string().max(200), z.array(z.string().max(200)).max(200)])
    .transform((one) => (typeof one === 'string' ? [one] : one))
    .optional(),
  /** The form has ticks: a browser sends nothing at all of a form in which none is set. */
  choosing: z.literal('true').optional(),
  reason: z.string().max(1000).optional(),
  store: z.string().max(100).optional(),
});

/** What a decision says; unknown fields are refused. */
export function parseDecision(
  body: unknown,
): Pick<z.output<typeof decision>, 'revision' | 'filesets' | 'reason' | 'store'> {
  const parsed = decision.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadRequestException(`${issue?.path.join('.') || 'the request'}: ${issue?.message}`);
  }
  const { revision, choosing, reason, store } = parsed.data;
  const filesets = parsed.data.filesets ?? (choosing && []);
  return {
    revision,
    ...(filesets ? { filesets } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(store ? { store } : {}),
  };
}
