import { codeOf, Refused } from '@coldroom/domain';
import { unlinkSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { openDirectory, type Directory } from './directory';
import { displayPath } from './path';
import { renameNoReplace } from './rename';
import type { Root } from './roots';

/**
 * Removes a link below a root, if it leads to exactly this target: it is moved to a name of ours, compared there, and only
 * then removed; anything else goes back to its name and is `Refused` `TARGET_EXISTS`. May be repeated: what a crash has left
 * at our name is removed, too. False if neither name exists.
 */
export async function dropLink(root: Root, path: Buffer, target: Buffer): Promise<boolean> {
  const slash = path.lastIndexOf('/');
  const name = path.subarray(slash + 1);
  const directory = await openDirectory(root, path.subarray(0, Math.max(slash, 0)));
  try {
    const [at, aside] = [directory.at(name), directory.at(Buffer.concat([Buffer.from('.coldroom-left-'), name]))];
    const left = await dropAside(directory, aside, target);
    const found = await targetAt(at);
    if (found === 'missing') return left;
    if (found === 'other' || !found.equals(target)) throw notOurs(root, path);
    await renameNoReplace(at, aside);
    if (await dropAside(directory, aside, target)) return true;
    await renameNoReplace(aside, at);
    await directory.sync();
    throw notOurs(root, path);
  } finally {
    await directory.close();
  }
}

/** No one but us makes this name, so what is compared here is what is removed. */
async function dropAside(directory: Directory, aside: Buffer, target: Buffer): Promise<boolean> {
  const found = await targetAt(aside);
  if (found === 'missing' || found === 'other' || !found.equals(target)) return false;
  unlinkSync(aside);
  await directory.sync();
  return true;
}

async function targetAt(path: Buffer): Promise<Buffer | 'missing' | 'other'> {
  try {
    return await readlink(path, { encoding: 'buffer' });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing';
    if (codeOf(error) === 'EINVAL') return 'other';
    throw error;
  }
}

function notOurs({ directory }: Root, path: Buffer): Refused {
  return new Refused(
    'TARGET_EXISTS',
    `At "${displayPath(path)}" in ${directory} stands something that is not our link; it was left there.`,
    { path: displayPath(path) },
  );
}
