import { constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type RootName } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import { fault, ok, type Finding } from './findings';
import { protectedHardlinks } from './ownership';
import { denied } from './sample-files';
import { tryLinks } from './try-links';

/** Whether originals of this tree can be held and replaced by links: a hold directory is on its file system and mount. */
export async function examineLinking(name: RootName, directory: string, holds: readonly string[]): Promise<Finding> {
  const { dev, uid } = await stat(directory, { bigint: true });
  const own: string[] = [];
  const closed: string[] = [];
  for (const hold of holds) {
    const found = await existing(hold).catch(unlessDenied);
    if (found === 'denied') closed.push(hold);
    else if (found?.dev === dev) own.push(hold);
  }
  const [hold] = own;
  if (hold === undefined && closed.length > 0)
    return fault(
      name,
      `it is not known whether originals can be held in ${closed.join(', ')} (EACCES)`,
      `run the services, and this, as the owner of the files (uid ${uid})`,
    );
  if (hold === undefined)
    return fault(
      name,
      'no hold directory is on its file system, and a hard link cannot leave one',
      'name a place on the same file system in COLDROOM_HOLD_DIRS',
    );
  try {
    await tryLinks(hold, join(directory, markerName));
  } catch (error) {
    return linkFault(name, hold, uid, codeOf(error));
  }
  const unwritable = await denied(directory, constants.W_OK);
  return unwritable
    ? fault(name, `links cannot be made in it (${unwritable})`, 'mount it writable for the linker')
    : ok(name, `originals can be held in ${hold}, and links made`);
}

function linkFault(name: RootName, hold: string, owner: bigint, code: string): Finding {
  switch (code) {
    case 'EXDEV':
      return fault(
        name,
        `${hold} is on the same disk but another mount, and a hard link cannot leave one`,
        'mount their common parent as one, or name another place in COLDROOM_HOLD_DIRS',
      );
    case 'EPERM':
      return fault(
        name,
        `the system refuses hard links to its files (protected_hardlinks is ${protectedHardlinks()})`,
        `run the linker as the owner of the files (uid ${owner})`,
      );
    case 'EACCES':
    case 'EROFS':
      return fault(
        name,
        `nothing can be written in ${hold} (${code})`,
        `let the linker's user (uid ${owner}?) write there`,
      );
    default:
      return fault(
        name,
        `hard links to ${hold} do not work (${code})`,
        'name a place in COLDROOM_HOLD_DIRS whose file system knows hard links',
      );
  }
}

/** `undefined` where nothing is. */
export async function existing(path: string): Promise<{ readonly dev: bigint } | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function unlessDenied(error: unknown): 'denied' {
  if (codeOf(error) !== 'EACCES') throw error;
  return 'denied';
}
