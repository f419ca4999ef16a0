import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './scratch';

/* File systems other than that of the temporary directory, mounted for one test. */

type Mount = (from: string, on: string) => unknown;

/** How each is mounted on a directory. `from` is an empty directory, in which some make an image. */
const mounts = {
  bindfs: (from, on) => run('bindfs', from, on),
  /** As SMB with the option uid=1234: all files belong to that user, everyone may use them, and chmod does nothing. */
  oneOwner: (from, on) =>
    run(
      'bindfs',
      ...['--force-user=1234', '--force-group=1234', '--perms=a+rwX', '--chown-deny', '--chmod-ignore'],
      ...[from, on],
    ),
  // Without `use_ino`, the two names of a hard link have different inodes.
  mergerfs: (from, on) => run('mergerfs', '-o', 'use_ino', from, on),
  unionfs: (from, on) => run('unionfs', '-o', 'use_ino', `${from}=RW`, on),
  encfs: (from, on) => mountWithPassword('encfs', ['--standard', '--stdinpass', from, on], 'p\n'),
  gocryptfs: (from, on) => {
    mountWithPassword('gocryptfs', ['-q', '-init', '-scryptn', '10', from], 'p\n');
    mountWithPassword('gocryptfs', ['-q', from, on], 'p\n');
  },
  /** No permissions and no owners: all files belong to root and have all bits, whatever `chmod` says. */
  ntfs: (from, on) => {
    run('mkntfs', '-F', '-Q', imageIn(from));
    run('ntfs-3g', '-o', 'no_def_opts,silent', imageIn(from), on);
  },
  ntfsWithPermissions: (from, on) => {
    run('mkntfs', '-F', '-Q', imageIn(from));
    run('ntfs-3g', '-o', 'permissions', imageIn(from), on);
  },
  /** No hard links, no symbolic links, no permissions, times in seconds, and letter case is ignored. */
  exfat: (from, on) => {
    run('mkfs.exfat', imageIn(from));
    const device = run('losetup', '--find', '--show', imageIn(from)).trim();
    try {
      run('mount.exfat-fuse', device, on);
    } finally {
      run('losetup', '--detach', device); // once it is unmounted
    }
  },
  ext4: ofKernel('mkfs.ext4', ['-q']),
  ext3: ofKernel('mkfs.ext3', ['-q']),
  /** Inodes without room for parts of a second. */
  ext3InSeconds: ofKernel('mkfs.ext3', ['-q', '-I', '128']),
  xfs: ofKernel('mkfs.xfs', ['-q'], 320),
  btrfs: ofKernel('mkfs.btrfs', ['-q'], 128),
  overlay: (from, on) => {
    for (const name of ['lower', 'upper', 'work']) mkdirSync(join(from, name));
    const layers = `lowerdir=${from}/lower,upperdir=${from}/upper,workdir=${from}/work`;
    run('mount', '-t', 'overlay', '-o', layers, 'overlay', on);
  },
  tmpfs: (_from, on) => run('mount', '-t', 'tmpfs', '-o', 'size=100m', 'none', on),
} satisfies Readonly<Record<string, Mount>>;

export type MountKind = keyof typeof mounts;

/** What the kernel mounts from an image of so many MiB. */
function ofKernel(make: string, options: readonly string[], size?: number): Mount {
  return (from, on) => {
    run(make, ...options, imageIn(from, size));
    run('mount', '-o', 'loop', imageIn(from), on);
  };
}

function imageIn(directory: string, size = 40): string {
  const image = join(directory, 'image');
  if (!existsSync(image)) run('truncate', '-s', `${size}M`, image);
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
