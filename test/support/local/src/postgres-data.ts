import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { canWrite, OPEN_PLACE, openDirectory, type SystemUser } from './postgres-binaries';

const DATA = 'postgres-data';

/**
 * The directory for the cluster: `dir/postgres-data`, or if user postgres cannot reach that, a directory in an open
 * place that `dir/postgres-data` then links to.
 */
export function clusterDirectory(
  dir: string,
  user: SystemUser | undefined,
): { readonly data: string; readonly outside: boolean } {
  const data = join(dir, DATA);
  if (isLink(data)) {
    const target = outsideOf(dir);
    if (readlinkSync(data) !== target)
      throw new Error(
        `${data} is a link to ${readlinkSync(data)}, not to ${target}: it was not made here; move it away.`,
      );
    makeOutside(dir, user);
    return { data: target, outside: true };
  }
  const isNew = !existsSync(data);
  own(data, user);
  if (canWrite(data, user)) return { data, outside: false };
  if (!isNew)
    throw new Error(
      `User postgres can no longer reach ${data}: open the directories above it (chmod o+x), or remove it to start from nothing.`,
    );
  rmSync(data, { recursive: true });
  makeOutside(dir, user);
  symlinkSync(outsideOf(dir), data);
  return { data: outsideOf(dir), outside: true };
}

/**
 * Removes `dir` with everything that our servers keep there, and data that had to go to an open place. Stop the servers
 * first.
 */
export function removeServerData(dir: string): void {
  const data = join(dir, DATA);
  if (isLink(data) && readlinkSync(data) === outsideOf(dir))
    rmSync(dirname(outsideOf(dir)), { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
}

function makeOutside(dir: string, user: SystemUser | undefined): void {
  openDirectory(outsideName(dir));
  own(outsideOf(dir), user);
  if (!canWrite(outsideOf(dir), user))
    throw new Error(`User postgres cannot reach ${outsideOf(dir)}: look at the directories above it.`);
}

function own(directory: string, user: SystemUser | undefined): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  if (user) chownSync(directory, user.uid, user.gid);
}

function outsideName(dir: string): string {
  return `coldroom-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 12)}`;
}

function outsideOf(dir: string): string {
  return join(OPEN_PLACE, outsideName(dir), DATA);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
