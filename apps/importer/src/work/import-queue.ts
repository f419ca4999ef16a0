import type { Queue } from 'bullmq';
import { z } from 'zod';
import { Refused } from '@coldroom/domain';
import type { RedisConnection } from '@coldroom/pipeline';
import type { Log } from '@coldroom/runtime';

export const importQueue = 'import';
const payload = z.strictObject({ v: z.literal(1), importId: z.string().regex(/^[1-9]\d{0,18}$/) });

/** Delivers orders to workers. Losing all of it loses no order: the register knows which are due. */
export class ImportQueue {
  constructor(
    private readonly redis: RedisConnection,
    private readonly queue: Queue,
    log: Log,
  ) {
    queue.on('error', (error) => log.debug('redis', error.message));
  }

  /** An order that is on the queue already stays there once. */
  async offer(ids: readonly bigint[]): Promise<void> {
    if (ids.length === 0) return;
    const jobs = ids.map((id) => ({
      name: 'import',
      data: { v: 1, importId: id.toString() },
      opts: { jobId: `import-${id}` },
    }));
    await this.redis.answer(() => this.queue.addBulk(jobs));
  }
}

/** `Refused` `JOB_NOT_UNDERSTOOD` for a job that this version did not write. */
export function importOf(data: unknown): bigint {
  const parsed = payload.safeParse(data);
  if (!parsed.success)
    throw new Refused('JOB_NOT_UNDERSTOOD', 'A job that this version did not write is refused', { data });
  return BigInt(parsed.data.importId);
}
