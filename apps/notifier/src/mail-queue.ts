import type { Queue } from 'bullmq';
import { z } from 'zod';
import { Refused } from '@coldroom/domain';
import type { RedisConnection } from '@coldroom/pipeline';
import type { Log } from '@coldroom/runtime';

export const mailQueue = 'mail';
const low = 250;
const payload = z.strictObject({ v: z.literal(1), mailId: z.string().regex(/^[1-9]\d{0,18}$/) });

/** Delivers mails to workers. Losing all of it loses no mail: the outbox knows which are due. */
export class MailQueue {
  constructor(
    private readonly redis: RedisConnection,
    private readonly queue: Queue,
    log: Log,
  ) {
    queue.on('error', (error) => log.debug('redis', error.message));
  }

  /** Whether workers soon run out of mails. While they do not, offering more would only repeat what is there. */
  async isLow(): Promise<boolean> {
    return (await this.redis.answer(() => this.queue.getWaitingCount())) < low;
  }

  /** A mail that is on the queue already stays there once. */
  async offer(ids: readonly bigint[]): Promise<void> {
    if (ids.length === 0) return;
    const jobs = ids.map((id) => ({
      name: 'mail',
      data: { v: 1, mailId: id.toString() },
      opts: { jobId: `mail-${id}` },
    }));
    await this.redis.answer(() => this.queue.addBulk(jobs));
  }
}

/** `Refused` `JOB_NOT_UNDERSTOOD` for a job that this version did not write. */
export function mailOf(data: unknown): bigint {
  const parsed = payload.safeParse(data);
  if (!parsed.success)
    throw new Refused('JOB_NOT_UNDERSTOOD', 'A job that this version did not write is refused', { data });
  return BigInt(parsed.data.mailId);
}
