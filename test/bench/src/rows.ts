import { join } from 'node:path';
import { Client } from 'pg';
import { copyPath, workStates, type Identity, type WorkState } from '@coldroom/domain';
import { createDatabase, startPostgres, startRedis } from '@coldroom/local';
import { transition, stageOf, Workers, type Stage } from '@coldroom/pipeline';
import { deliveryApp } from '@coldroom/pipeline/testing';
import { migrate, Register, type NewFile } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { seconds } from './peers';

const identity: Identity = {
  dev: 1n,
  ino: 1n,
  size: 1n,
  mtimeNs: 1n,
  ctimeNs: 1n,
  links: 1,
  mode: 0o100644,
  uid: 1000,
  gid: 1000,
};
const steps = [
  ['approved', 'hash', 'hashed'],
  ['hashed', 'copy', 'copied'],
  ['copied', 'verify', 'verified'],
  ['verified', 'seal', 'sealed'],
  ['sealed', 'link', 'linked'],
] as const;

/**
 * The cost of register and queues alone: files that are nothing but rows pass through all stages. The lower bound is
 * the same transitions as one bare UPDATE per stage.
 */
export async function timeRows(dir: string, count: number): Promise<{ ours: number; floor: number }> {
  const postgres = await startPostgres({ dir: join(dir, 'servers') });
  const redis = await startRedis({ dir: join(dir, 'servers') });
  const url = await createDatabase(postgres.url, 'register', { existing: 'drop' });
  await migrate(url);
  const register = new Register(url);
  const service = await deliveryApp(
    { stages: steps.map(emptyHanded), register, log: new Log('bench', 'error') },
    {
      url: redis.url,
      prefix: 'bench',
      concurrency: 2,
      sweepMs: 1000,
      runner: {
        worker: 'bench',
        leaseMs: 60_000,
        attempts: 3,
        retryPauseMs: 1000,
        waitLimitMs: 1e9,
        errorLimit: 0,
      },
    },
  );
  try {
    const requestId = await register.requests.create(
      { ownerId: 1n, owner: 'bench', groupId: 1n, group: 'bench', requesterId: 1n, requester: 'bench' },
      { images: none(), files: rows(count) },
      'bench',
    );
    const ours = await seconds(async () => {
      await register.requests.approve(requestId, 'bench');
      await register.requests.start(requestId, 'bench', (nr) => `rows-${nr}`, 'bench');
      service.get(Workers).start();
      while ((await register.requests.inState('Running')).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 100));
    });
    return { ours, floor: await timeBareUpdates(url, requestId) };
  } finally {
    await service.close();
    await register.close();
    await postgres.stop();
    await redis.stop();
  }
}

function emptyHanded([takes, event, to]: (typeof steps)[number]): Stage {
  return {
    name: stageOf[takes as WorkState],
    takes,
    run: async (claim) => ({
      transitions: claim.files.map((file) =>
        transition(
          file,
          event,
          to,
          event === 'hash'
            ? { digests: { 'SHA-256': copyPath(file).toString('hex').slice(0, 64).padStart(64, '0') } }
            : {},
        ),
      ),
      ...(to === 'linked' ? { delayMs: 1e9 } : {}),
    }),
  };
}

async function timeBareUpdates(url: string, requestId: bigint): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await seconds(async () => {
      for (const state of workStates.slice(0, steps.length)) {
        await client.query('UPDATE coldroom.file SET state = $2 WHERE request_id = $1', [requestId, state]);
      }
    });
  } finally {
    await client.end();
  }
}

async function* rows(count: number): AsyncGenerator<readonly NewFile[]> {
  for (let start = 0; start < count; start += 5000) {
    yield Array.from({ length: Math.min(5000, count - start) }, (_, at) => {
      const path = `user_1/2026-01/${start + at}.tif`;
      return {
        fileset: `Fileset:${start + at}`,
        root: 'ManagedRepository' as const,
        path: Buffer.from(path),
        display: path,
        size: 1n,
        originalFileId: BigInt(start + at),
        pixelsId: null,
        omeroHash: null,
        verdict: { take: identity },
      };
    });
  }
}

async function* none(): AsyncGenerator<never> {
  // a request of rows has no images
}
