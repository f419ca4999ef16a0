import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, opendir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { dropCache } from '@coldroom/files';

const run = promisify(execFile);

export type PeerName = 'rclone' | 'rsync' | 'older-tool' | 'floor';

interface Peer {
  readonly name: PeerName;
  /** The command that it needs to run. */
  readonly command: string;
  /** Copies; the files that it wrote are synced afterwards. */
  copy(source: string, target: string): Promise<void>;
  /** Proves the copy by reading it; throws if it differs. */
  prove(source: string, target: string): Promise<void>;
}

const script = resolve(__dirname, '..', 'src', 'older-tool.py');
const quiet = { maxBuffer: 1 << 28 };

const peers: readonly Peer[] = [
  {
    name: 'rclone',
    command: 'rclone',
    copy: async (source, target) => {
      await run('rclone', ['copy', '--config', '/dev/null', source, target], quiet);
    },
    prove: async (source, target) => {
      await run('rclone', ['check', '--config', '/dev/null', '--download', source, target], quiet);
    },
  },
  {
    name: 'rsync',
    command: 'rsync',
    copy: async (source, target) => {
      await run('rsync', ['-a', `${source}/`, target], quiet);
    },
    prove: async (source, target) => {
      const { stdout } = await run('rsync', ['-ac', '--dry-run', '--itemize-changes', `${source}/`, target], quiet);
      if (stdout.split('\n').some((line) => line.startsWith('>f')))
        throw new Error(`rsync found differences:\n${stdout.slice(0, 500)}`);
    },
  },
  {
    name: 'older-tool',
    command: 'python3',
    copy: async (source, target) => {
      await run('python3', [script, source, target, 'copy'], quiet);
    },
    prove: async (source, target) => {
      await run('python3', [script, source, target, 'verify'], quiet);
    },
  },
  {
    name: 'floor',
    command: 'dd',
    copy: async (source, target) => {
      for await (const path of filesBelow(source)) {
        await run('dd', [
          `if=${join(source, path)}`,
          `of=${join(target, path.replaceAll('/', '_'))}`,
          'bs=8M',
          'conv=fsync',
        ]);
      }
    },
    prove: async (_source, target) => {
      for await (const path of filesBelow(target))
        await run('dd', [`if=${join(target, path)}`, 'of=/dev/null', 'bs=8M', 'iflag=direct']);
    },
  },
];

/** The wanted peers that this machine has. */
export function peersHere(wanted: readonly PeerName[], say: (line: string) => void): readonly Peer[] {
  return peers
    .filter((peer) => wanted.includes(peer.name))
    .filter((peer) => {
      const found = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, peer.command)));
      if (!found)
        say(`  ${peer.name} is left out: there is no ${peer.command} (apt-get install ${peer.command} brings it)`);
      return found;
    });
}

/**
 * Seconds a peer needs for the same guarantee: copied, synced to disk, and proven by reading the copy from the disk and
 * not from memory. Clearing the memory is not counted. The target stays: ext4 is slow to create files for half a minute
 * after many were removed, which would slow down the next peer.
 */
export async function timePeer(peer: Peer, source: string, target: string): Promise<number> {
  await mkdir(target, { recursive: true });
  await run('sync', []);
  await forgetAll(source);
  const copied = await seconds(async () => {
    await peer.copy(source, target);
    await run('sync', ['-f', target]);
  });
  await forgetAll(target);
  const proven = await seconds(() => peer.prove(source, target));
  return copied + proven;
}

/**
 * Seconds rclone needs to copy to a remote and to prove the copy by reading it back, and to retrieve it and prove that.
 */
export async function timeRclone(
  source: string,
  remote: string,
  back: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly there: number; readonly back: number }> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment }; // a proxy or a CA of this machine is not for a server on it
  const rclone = async (...words: readonly string[]): Promise<void> => {
    await run('rclone', [words[0] ?? '', '--config', '/dev/null', ...words.slice(1)], { ...quiet, env });
  };
  await run('sync', []);
  await forgetAll(source);
  const there = await seconds(async () => {
    await rclone('copy', source, remote);
    await run('sync', []);
    await rclone('check', '--download', source, remote);
  });
  await mkdir(back, { recursive: true });
  await forgetEverything();
  const home = await seconds(async () => {
    await rclone('copy', remote, back);
    await run('sync', ['-f', back]);
  });
  await forgetAll(back);
  return { there, back: home + (await seconds(() => rclone('check', '--download', remote, back))) };
}

/** If permitted: the whole page cache, including files of servers. */
export async function forgetEverything(): Promise<void> {
  await run('sync', []);
  await writeFile('/proc/sys/vm/drop_caches', '1').catch(() => undefined); // only root may; otherwise files of servers are in memory for all peers
}

/** Drops the files below a directory from memory, so that all peers start alike. */
export async function forgetAll(directory: string): Promise<void> {
  for await (const path of filesBelow(directory)) {
    const fd = openSync(join(directory, path), 'r');
    dropCache(fd);
    closeSync(fd);
  }
}

export async function seconds(work: () => Promise<void>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

async function* filesBelow(directory: string, below = ''): AsyncGenerator<string> {
  for await (const entry of await opendir(join(directory, below))) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) yield* filesBelow(directory, path);
    else if (entry.isFile()) yield path;
  }
}
