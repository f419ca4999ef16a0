import { openDirectory } from './directory';
import { splitPath } from './path';
import { renameNoReplace } from './rename';
import type { Root } from './roots';
import { joined } from './tree';

/**
 * Gives a directory another place below the same root, in directories that are made if they are missing, and syncs both.
 * The system's `EEXIST` if anything has that place; `Refused` `NO_REPLACE_NOT_SUPPORTED` where that cannot be excluded.
 */
export async function moveDirectory(root: Root, from: Buffer, to: Buffer): Promise<void> {
  const [source, target] = [splitPath(from), splitPath(to)];
  const [name, newName] = [source.pop() as Buffer, target.pop() as Buffer];
  const old = await openDirectory(root, joinedOrRoot(source));
  try {
    const parent = await openDirectory(root, joinedOrRoot(target), { create: true });
    try {
      await renameNoReplace(old.at(name), parent.at(newName));
      await parent.sync();
      await old.sync();
    } finally {
      await parent.close();
    }
  } finally {
    await old.close();
  }
}

const joinedOrRoot = (components: readonly Buffer[]): Buffer =>
  components.length === 0 ? Buffer.alloc(0) : joined(components);
