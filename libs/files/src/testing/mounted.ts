import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './scratch';

/* File systems other than that of the temporary directory, mounted for one test. */

const mib = 1 << 20;

/** How each is mounted on a directory. `from` is an empty directory, or an image of 40 MiB that each makes itself. */
const mounts = {
  bindfs: (from: string, on: string) => run('bindfs', from, on),
  // Without `use_ino`, the two names of a hard link have different inodes.
  mergerfs: (from: string, on: string) => run('mergerfs', '-o', 'use_ino', from, on),
  unionfs: (from: string, on: string) => run('unionfs', '-o', 'use_ino', `${from}=RW`, on),
  encfs: (from: string, on: string) => mountWithPassword('encfs', ['--standard', '--stdinpass', from, on], 'p\n'),
  gocryptfs: (from: string, on: string) => {
    mountWithPassword('gocryptfs', ['-q', '-init', '-scryptn', '10', from], 'p\n');
    mountWithPassword('gocryptfs', ['-q', from, on], 'p\n');
  },
  /** No permissions and no owners: all files belong to root and have all bits, whatever `chmod` says. */
  ntfs: (from: string, on: string) => {
    run('mkntfs', '-F', '-Q', imageIn(from));
    run('ntfs-3g', '-o', 'no_def_opts,silent', imageIn(from), on);
  },
  ext4: (from: string, on: string) => {
    run('mkfs.ext4', '-q', imageIn(from));
    run('mount', '-o', 'loop', imageIn(from), on);
  },
} as const;

export type MountKind = keyof typeof mounts;

function imageIn(directory: string): string {
  const image = join(directory, 'image');
  if (!existsSync(image)) run('truncate', '-s', String(40 * mib), image);
  return image;
}

function mountWithPassword(command: string, words: readonly string[], password: string): void {
  execFileSync(command, words, { input: password, stdio: ['pipe', 'ignore', 'pipe'] });
}

/** Mounts a file system of this kind on a directory, which is made if it is missing. Returns what unmounts it. */
export function mountOn(kind: MountKind, on: string): () => void {
  const from = mkdtempSync(join(tmpdir(), `coldroom-${kind}-`));
  mkdirSync(on, { recursive: true });
  try {
    mounts[kind](from, on);
  } catch (error) {
    rmSync(from, { recursive: true });
    throw error;
  }
  return () => {
    if (spawnSync('umount', [on]).status !== 0) spawnSync('umount', ['-l', on]);
    rmSync(from, { recursive: true, force: true });
  };
}

/** `describe`, or a reported skip with the reason if this machine cannot mount such a file system. */
export function describeOn(kind: MountKind, name: string, tests: () => void): void {
  const reason = whyNot(kind);
  if (reason === null) return void describe(name, tests);
  process.stderr.write(`SKIPPED: ${name}: this needs ${kind}, and ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason.split('\n')[0]})`, tests);
}

function whyNot(kind: MountKind): string | null {
  const on = mkdtempSync(join(tmpdir(), 'coldroom-mount-'));
  try {
    mountOn(kind, on)();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(on, { recursive: true, force: true });
  }
}
