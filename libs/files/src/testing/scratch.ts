import type { Work } from '@coldroom/domain';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeMarker } from '../roots';

/** A marked root and a marked store in a directory of its own, for one test. */
export interface Scratch {
  readonly root: string;
  readonly store: string;
  /** Writes a file below the root and returns its path as bytes. */
  write(path: string, content?: string | Buffer): Buffer;
  remove(): void;
}

export async function makeScratch(): Promise<Scratch> {
  const directory = mkdtempSync(join(tmpdir(), 'coldroom-files-'));
  const [root, store] = [join(directory, 'root'), join(directory, 'store')];
  mkdirSync(root);
  mkdirSync(store);
  await writeMarker(root, 'ManagedRepository');
  await writeMarker(store, 'main');
  return {
    root,
    store,
    write: (path, content = 'content') => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      return Buffer.from(path);
    },
    remove: () => {
      openUp(directory);
      rmSync(directory, { recursive: true });
    },
  };
}

/** Sealed directories are read-only, even to the test that made them. */
function openUp(directory: string): void {
  chmodSync(directory, 0o755);
  for (const name of readdirSync(directory, { encoding: 'buffer' })) {
    const path = Buffer.concat([Buffer.from(`${directory}/`), name]);
    if (lstatSync(path).isDirectory()) openUp(path.toString());
  }
}

/** Work without limits; parts of it can be replaced. */
export function work(part: Partial<Work> = {}): Work {
  return { signal: new AbortController().signal, deadline: deadlineIn(3_600_000), progress: () => undefined, ...part };
}

export function deadlineIn(milliseconds: number): BigInt64Array {
  return new BigInt64Array(new SharedArrayBuffer(8)).fill(process.hrtime.bigint() + BigInt(milliseconds) * 1_000_000n);
}

export const asRoot = process.geteuid!() === 0;

export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
