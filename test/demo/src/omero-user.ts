import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Who owns OMERO's files, and therefore runs the services. */
export interface OmeroUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user of the official server container, who owns the sample's files if root writes them. */
const container: OmeroUser = { uid: 1000, gid: 1000 };

/**
 * Root must not run the services: it gives OMERO's files and everything that the services use to a separate user.
 * Undefined if everything belongs to us: without root, or if that user can enter neither the demo's directory nor this
 * program's.
 */
export function omeroUser(home: string): OmeroUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const program = join(__dirname, 'main.js');
  const reachable = (flag: string, path: string): boolean =>
    spawnSync('test', [flag, path], { cwd: '/', ...container }).status === 0;
  return reachable('-x', home) && reachable('-r', program) && reachable('-x', process.execPath) ? container : undefined;
}

/** Gives directories, with everything in them, and files to the services' user. */
export async function giveTo(user: OmeroUser | undefined, paths: readonly string[]): Promise<void> {
  if (user) await run('chown', ['-R', '-h', `${user.uid}:${user.gid}`, '--', ...paths]);
}

export function aboutUser(user: OmeroUser | undefined): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  return user
    ? [`  its files belong to uid ${user.uid}, as whom the services run`]
    : [
        `  its files belong to root, as whom the services run, since uid ${container.uid} cannot enter this directory; files of OMERO 4 cannot be archived then`,
      ];
}

/** The command that starts the services by hand; as another user it can neither build nor use npm's cache. */
export function startCommand(user: OmeroUser | undefined): string {
  if (!user) return 'npm start';
  const as = `setpriv --reuid ${user.uid} --regid ${user.gid} --clear-groups`;
  return `${as} ${process.execPath} ${join(__dirname, '..', '..', '..', 'apps', 'start', 'dist', 'main.js')}`;
}
