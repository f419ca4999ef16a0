import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A store on a separate small ext4 that can be filled, unmounted and made read-only. */
export class MountedStore {
  constructor(
    private readonly image: string,
    private readonly directory: string,
  ) {}

  static make(image: string, directory: string, megabytes: number): MountedStore {
    mkdirSync(directory, { recursive: true });
    execFileSync('truncate', ['-s', `${megabytes}M`, image]);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
    const store = new MountedStore(image, directory);
    store.mount();
    return store;
  }

  mount(): void {
    execFileSync('mount', ['-o', 'loop', this.image, this.directory]);
  }

  unmount(): void {
    execFileSync('umount', [this.directory]);
  }

  readOnly(yes: boolean): void {
    execFileSync('mount', ['-o', `remount,${yes ? 'ro' : 'rw'}`, this.directory]);
  }

  /** In whatever state a failed test left it. */
  putAway(): void {
    spawnSync('umount', ['-l', this.directory]);
  }
}

/** Why this machine cannot mount a file system for the tests; null if it can. */
function noMounting(): string | null {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-mount-'));
  try {
    MountedStore.make(join(dir, 'image'), join(dir, 'mounted'), 4).unmount();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function noTracing(): string | null {
  const { status, error, stderr } = spawnSync(
    'strace',
    ['-f', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO', 'true'],
    { encoding: 'utf8' },
  );
  return status === 0 ? null : (error?.message ?? stderr);
}

function noGateway(): string | null {
  const { error } = spawnSync('radosgw', ['--version'], { stdio: 'ignore' });
  return error ? 'radosgw is not installed (packages ceph-mon, ceph-osd, ceph-common, radosgw)' : null;
}

const needs = { mount: noMounting, strace: noTracing, s3: noGateway } as const;

/** `describe`, or a reported skip with the reason if this machine lacks what the tests need. */
export function describeWhere(need: keyof typeof needs, name: string, tests: () => void): void {
  const reason = needs[need]();
  if (reason === null) return void describe(name, tests);
  process.stderr.write(`SKIPPED: ${name}: this needs ${need}, and ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason.split('\n')[0]})`, tests);
}
