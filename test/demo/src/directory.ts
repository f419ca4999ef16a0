import { execFile } from 'node:child_process';
import { mkdir, open, readdir, realpath, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from '@coldroom/domain';
import { removeServerData } from '@coldroom/local';
import type { Layout } from './layout';
import { writersBelow, type Writer } from './writers';

const run = promisify(execFile);

/** The demo cannot begin. The message states why in one sentence, and what to do. */
export class Refusal extends Error {}

export interface DirectoryOptions {
  readonly say: (line: string) => void;
  /** How long the servers of a killed demo may take to end. */
  readonly patienceMs?: number;
}

const words = `This directory belongs to Coldroom's demo (npm run demo). The next demo that uses it removes everything in it.\n`;

/**
 * Takes the demo's directory for this process: a new or empty one, or one that an earlier demo made and no longer uses.
 * The open marker shows other demos that this one is running. Close the handle at the end.
 */
export async function takeDirectory(
  layout: Layout,
  { say, patienceMs = 60_000 }: DirectoryOptions,
): Promise<FileHandle> {
  await expectOurs(layout);
  const marker = await open(layout.marker, 'a').catch((error: unknown) => {
    throw belongsToOther(layout, error);
  });
  try {
    await marker.writeFile((await marker.stat()).size === 0 ? words : '');
    await expectUnused(layout, { say, patienceMs });
    return marker;
  } catch (error) {
    await marker.close();
    throw error;
  }
}

/** Removes everything that an earlier demo left. True if there was something. */
export async function clearDirectory(layout: Layout): Promise<boolean> {
  const left = async (): Promise<string[]> =>
    (await readdir(layout.home))
      .filter((name) => name !== basename(layout.marker))
      .map((name) => join(layout.home, name));
  const found = await left();
  if (found.length === 0) return false;
  try {
    if (found.includes(layout.servers)) removeServerData(layout.servers);
    // Sealed bags are read-only. Programs are used, as they know names that are not UTF-8.
    for (const path of await left()) {
      await run('find', [path, '-type', 'd', '!', '-perm', '-u=rwx', '-exec', 'chmod', 'u+rwx', '{}', ';']);
      await run('rm', ['-rf', '--', path]);
    }
  } catch (error) {
    throw belongsToOther(layout, error);
  }
  return true;
}

async function expectOurs({ home, marker }: Layout): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
    const names = await readdir(home);
    if (names.length === 0 || names.includes(basename(marker))) return;
  } catch (error) {
    throw new Refusal(`${home} cannot be used (${codeOf(error)}): name another directory with --dir.`, {
      cause: error,
    });
  }
  throw new Refusal(
    `${home} holds something that no demo of this version made: name a new or an empty directory with --dir, or remove ${home}.`,
  );
}

/** A demo that was killed leaves servers that need a moment to end. */
async function expectUnused(layout: Layout, { say, patienceMs }: Required<DirectoryOptions>): Promise<void> {
  const home = await realpath(layout.home);
  // PostgreSQL's data may be elsewhere.
  const data = await realpath(join(layout.servers, 'postgres-data')).catch(() => home);
  let writers: readonly Writer[] = [];
  for (const deadline = Date.now() + patienceMs; ; await sleep(200)) {
    const before = writers.length;
    writers = await writersBelow([home, data]);
    const demo = writers.find(({ files }) => files.includes(join(home, basename(layout.marker))));
    if (demo)
      throw new Refusal(
        `A demo is running in ${layout.home} (process ${demo.pid}): end it with Ctrl-C or kill ${demo.pid}, or name another directory with --dir.`,
      );
    if (writers.length === 0) return;
    if (Date.now() > deadline) break;
    if (before === 0) say(`Waiting for ${listed(writers)} of an earlier demo to end`);
  }
  throw new Refusal(
    `${layout.home} is still written to by ${listed(writers)} of an earlier demo: end that with kill ${writers.map(({ pid }) => pid).join(' ')}, or name another directory with --dir.`,
  );
}

function listed(writers: readonly Writer[]): string {
  return writers.map(({ program, pid }) => `${program} (process ${pid})`).join(', ');
}

function belongsToOther({ home }: Layout, cause: unknown): Refusal {
  return new Refusal(
    `What an earlier demo left in ${home} cannot be removed, probably since another user ran it: remove it as that user or with sudo rm -r ${home}, or name another directory with --dir.`,
    { cause },
  );
}
