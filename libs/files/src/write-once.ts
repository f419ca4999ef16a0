import { Refused, codeOf } from '@coldroom/domain';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import type { Directory } from './directory';
import { displayPath } from './path';
import { renameNoReplace } from './rename';

/**
 * Writes a small file that is there completely or not at all, synced with its name. Writing the same content again
 * succeeds; other content under that name is `Refused` `TARGET_EXISTS`.
 */
export async function writeOnce(directory: Directory, name: Buffer, content: Buffer, mode = 0o444): Promise<void> {
  const temporary = Buffer.from(`.coldroom-${randomUUID()}.part`);
  const file = await open(directory.at(temporary), 'wx', 0o600);
  let renamed = false;
  try {
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    renamed = await place(directory, temporary, name);
  } finally {
    if (!renamed) await unlink(directory.at(temporary));
  }
  if (!renamed) await checkSame(directory, name, content);
  await directory.sync();
}

/** True if the temporary name is gone, false if the final name was taken. */
async function place(directory: Directory, temporary: Buffer, name: Buffer): Promise<boolean> {
  try {
    await renameNoReplace(directory.at(temporary), directory.at(name));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (codeOf(error) !== 'NO_REPLACE_NOT_SUPPORTED') throw error;
  }
  // NFS: a hard link never replaces anything either.
  try {
    await link(directory.at(temporary), directory.at(name));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await unlink(directory.at(temporary));
  return true;
}

async function checkSame(directory: Directory, name: Buffer, content: Buffer): Promise<void> {
  const refused = (what: string): Refused =>
    new Refused('TARGET_EXISTS', `"${displayPath(name)}" exists already and ${what}.`, { name: displayPath(name) });
  let file;
  try {
    file = await open(directory.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw refused('is a symbolic link');
    throw error;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw refused('is not a regular file');
    if (stats.size !== content.length || !(await file.readFile()).equals(content)) throw refused('has other content');
  } finally {
    await file.close();
  }
}
