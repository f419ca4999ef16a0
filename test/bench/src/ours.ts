import { join } from 'node:path';
import { Client } from 'pg';
import type { SourceFile } from './cases';
import { forgetAll, forgetEverything, seconds } from './peers';
import { Pipeline } from './pipeline';
import { cpuSeconds, peakMemory, sayUsed, type Used } from './processes';
import { costsOfServers, type ServerCosts } from './server-costs';
import type { BenchStore } from './stores';

const services = ['checksum', 'transfer', 'ingest-watcher', 'linker'] as const;

export interface Ours {
  readonly seconds: number;
  /** From the request of the restore until the last original is back in its place. */
  readonly restoreSeconds?: number;
  /** What each service used for the archiving. */
  readonly services: readonly Used[];
  readonly servers: ServerCosts;
}

/**
 * Archives the files below `<dir>/OMERO/ManagedRepository`, from the approval to the last link, with services as in
 * daily use; then restores all of them.
 */
export async function timeOurs(
  dir: string,
  sources: readonly SourceFile[],
  store: BenchStore,
  { restore, hosts = 1 }: { readonly restore: boolean; readonly hosts?: number },
): Promise<Ours> {
  const pipeline = await Pipeline.open(dir, store);
  const { running, registerUrl, redisUrl } = pipeline;
  try {
    await pipeline.start([...services, ...Array.from({ length: hosts - 1 }, () => ['checksum', 'transfer']).flat()]);
    const requestId = await pipeline.request(sources);
    await forgetAll(join(dir, 'OMERO'));
    const before = running.map(({ pid }) => cpuSeconds(pid));
    const { result: archived, servers } = await costsOfServers(registerUrl, redisUrl, () =>
      seconds(() => pipeline.archive(requestId)),
    );
    const used = running.map(({ name, pid }, at) => ({
      name,
      peakBytes: peakMemory(pid),
      cpuSeconds: cpuSeconds(pid) - (before[at] ?? 0),
    }));
    const ours = { seconds: archived, services: used, servers };
    return restore ? { ...ours, restoreSeconds: await timeRestore(pipeline, requestId) } : ours;
  } finally {
    await pipeline.close();
  }
}

/** Of files whose originals are no longer held. */
async function timeRestore(pipeline: Pipeline, requestId: bigint): Promise<number> {
  await pipeline.stop('linker');
  await releaseNow(pipeline.registerUrl);
  await pipeline.start(['linker'], { COLDROOM_HOLD: '0' });
  await pipeline.untilAll(requestId, ['released']);
  await forgetEverything();
  return seconds(async () => {
    const order = { way: 'restore', days: 0 } as const;
    await pipeline.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, order, 'bench');
    await pipeline.untilAll(requestId, ['restored']);
  });
}

/** Originals that are held for days may be freed at once. */
async function releaseNow(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`UPDATE bag SET not_before = now()`);
  await client.end();
}

export function sayOurs(ours: Ours): void {
  console.log(
    `  coldroom   ${ours.seconds.toFixed(2)} s${ours.restoreSeconds === undefined ? '' : `, ${ours.restoreSeconds.toFixed(2)} s to bring it back`}`,
  );
  sayUsed(ours.services);
}
