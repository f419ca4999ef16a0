import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { ok, warning, type Finding } from './findings';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Documented by Node.js, missing in its types. */
interface InitGroups {
  initgroups(user: number, extraGroup: number): void;
}

/** The user who owns OMERO's files and as whom the services should run: the owner of the managed repository. */
export async function ownerOf(dataDir: string): Promise<Owner> {
  try {
    return await stat(join(dataDir, 'ManagedRepository'));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return stat(dataDir);
  }
}

/**
 * A check made by root proves nothing, and files created by root block other users. So the process switches to that
 * owner for the rest of its life. Only root can do this; other users stay as they are.
 */
export function becomeOwner({ uid, gid }: Owner): Finding {
  const us = process.geteuid?.();
  if (us !== 0) return ok('user', `files are tried as uid ${us ?? 'unknown'}`);
  if (uid === 0)
    return warning(
      'user',
      "OMERO's files belong to root",
      'let OMERO and the services run as a user of their own: root could write through a link into a copy',
    );
  try {
    (process as unknown as InitGroups).initgroups(uid, gid);
  } catch {
    process.setgroups?.([gid]); // a user without a name on this system, as in containers
  }
  process.setgid?.(gid);
  process.setuid?.(uid);
  return ok('user', `files are tried as uid ${uid}, the owner of OMERO's files`);
}
