import { z } from 'zod';
import { Refused } from '@coldroom/domain';

/** The entire content of a job. */
const payload = z.strictObject({ v: z.literal(1), bagId: z.string().regex(/^[1-9]\d{0,18}$/) });
export type Payload = z.infer<typeof payload>;

export const payloadOf = (bagId: bigint): Payload => ({ v: 1, bagId: bagId.toString() });

/** Reads a job; `Refused` `JOB_NOT_UNDERSTOOD` for a forged job or one of another version. */
export function readPayload(data: unknown): bigint {
  const parsed = payload.safeParse(data);
  if (!parsed.success)
    throw new Refused(
      'JOB_NOT_UNDERSTOOD',
      'A job that this version did not write is refused; the register offers the bag again',
      { data },
    );
  return BigInt(parsed.data.bagId);
}
