import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';

const decision = z.strictObject({
  decision: z.enum(['approve', 'decline']),
  filesets: z.array(z.string().max(200)).min(1).max(10_000).optional(),
  reason: z.string().max(1000).optional(),
  store: z.string().max(100).optional(),
});

export function parseApiDecision(body: unknown): z.output<typeof decision> {
  const parsed = decision.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadRequestException(`${issue?.path.join('.') || 'the body'}: ${issue?.message}`);
}
