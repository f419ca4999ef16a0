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
  reason: z.string().max(1000).optional(),
  store: z.string().max(100).optional(),
});

/** What a decision says; unknown fields are refused. */
export function parseDecision(body: unknown): Pick<z.output<typeof decision>, 'revision' | 'reason' | 'store'> {
  const parsed = decision.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadRequestException(`${issue?.path.join('.') || 'the request'}: ${issue?.message}`);
  }
  const { revision, reason, store } = parsed.data;
  return { revision, ...(reason === undefined ? {} : { reason }), ...(store ? { store } : {}) };
}
