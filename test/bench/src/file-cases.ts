import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startS3 } from '@coldroom/local';
import { s3Cases, writeSources, type FileCase } from './cases';
import { sayOurs, timeOurs, type Ours } from './ours';
import { peersHere, timePeer, timeRclone, type PeerName } from './peers';
import type { Cost } from './scale-model';
import { fileStore, s3Store } from './stores';
import { row, type Row } from './table';

export async function runFileCase(dir: string, each: FileCase, costs: Cost[]): Promise<readonly Row[]> {
  const source = join(dir, 'OMERO', 'ManagedRepository');
  await mkdir(source, { recursive: true });
  console.log(`\n${each.name}: ${each.what}`);
  const files = await writeSources(source, each);
  const times: [PeerName, number][] = [];
  const peers: readonly PeerName[] = [
    'rclone',
    'rsync',
    'older-tool',
    ...(each.name === 'large' ? (['floor'] as const) : []),
  ];
  for (const peer of peersHere(peers, console.log)) {
    const time = await timePeer(peer, source, join(dir, peer.name));
    console.log(`  ${peer.name.padEnd(10)} ${time.toFixed(2)} s`);
    times.push([peer.name, time]);
  }
  const back = await timePeersBack(dir);
  const ours = await timeOurs(dir, files, await fileStore(dir), { restore: true });
  sayOurs(ours);
  costs.push(costOf(each, ours));
  return [
    ...times.map(([peer, time]) => row(each.name, peer, ours.seconds, time)),
    ...(back === undefined || ours.restoreSeconds === undefined
      ? []
      : [row(`${each.name}, back`, 'rclone', ours.restoreSeconds, back)]),
  ];
}

function costOf({ name, sizes }: FileCase, { seconds, services, servers }: Ours): Cost {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { case: name, files: sizes.length, bytes, seconds, services, ...servers };
}

/** rclone retrieves what it copied before. */
async function timePeersBack(dir: string): Promise<number | undefined> {
  const [rclone] = peersHere(['rclone'], () => undefined);
  if (!rclone) return undefined;
  const time = await timePeer(rclone, join(dir, 'rclone'), join(dir, 'rclone-back'));
  console.log(`  rclone     ${time.toFixed(2)} s to bring it back`);
  return time;
}

/** One large file, then many small ones, to the same S3 server and back. */
export async function runS3(top: string, scale: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  await mkdir(top, { recursive: true });
  const server = await startS3({ dir: join(top, 'server') });
  try {
    for (const each of s3Cases(scale)) {
      const dir = join(top, each.name);
      const source = join(dir, 'OMERO', 'ManagedRepository');
      await mkdir(source, { recursive: true });
      console.log(`\ns3 ${each.name}: ${each.what}`);
      const files = await writeSources(source, each);
      const store = await s3Store(dir, server, `bench-${each.name}`);
      const peer = await timeRclone(source, store.remote('rclone'), join(dir, 'rclone-back'), store.environment);
      console.log(`  rclone     ${peer.there.toFixed(2)} s, ${peer.back.toFixed(2)} s to bring it back`);
      const ours = await timeOurs(dir, files, store, { restore: true });
      sayOurs(ours);
      rows.push(
        row(`s3 ${each.name}`, 'rclone', ours.seconds, peer.there),
        row(`s3 ${each.name}, back`, 'rclone', ours.restoreSeconds ?? Number.NaN, peer.back),
      );
    }
  } finally {
    await server.stop();
  }
  return rows;
}
