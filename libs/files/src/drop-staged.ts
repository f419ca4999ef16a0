import { codeOf, Refused, type Identity } from '@coldroom/domain';
import { unlinkSync } from 'node:fs';
import { openDirectory } from './directory';
import type { Place } from './files';
import { identify } from './fresh';
import { sameContent, typeOf } from './identity';
import { displayPath } from './path';
import type { Root } from './roots';

/**
 * Removes files of ours from a place of ours below a root, and syncs their directories. A missing file is no error. One
 * that is not a regular file, or not the one of `identity` where that is given, is `Refused` `TARGET_EXISTS` and stays.
 * `check` is called right before each removal.
 */
export async function dropStaged(
  root: Root,
  files: readonly { readonly path: Place['path']; readonly identity?: Identity }[],
  check: () => void,
): Promise<void> {
  for (const group of Map.groupBy(files, ({ path }) =>
    path.subarray(0, Math.max(path.lastIndexOf('/'), 0)).toString('latin1'),
  ))
    await dropIn(root, Buffer.from(group[0], 'latin1'), group[1], check);
}

async function dropIn(
  root: Root,
  parent: Buffer,
  files: readonly { readonly path: Buffer; readonly identity?: Identity }[],
  check: () => void,
): Promise<void> {
  const directory = await openDirectory(root, parent).catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    await root.check(); // an unmounted root proves nothing about its files
    return undefined;
  });
  if (!directory) return;
  try {
    for (const { path, identity } of files) {
      const at = directory.at(path.subarray(path.lastIndexOf('/') + 1));
      const found = await identify(at);
      if (found === null) continue;
      if (typeOf(found.mode) !== 'file' || (identity && !sameContent(found, identity)))
        throw new Refused(
          'TARGET_EXISTS',
          `At "${displayPath(path)}" in ${root.directory} stands something that is not ours; it was left there.`,
          { path: displayPath(path) },
        );
      check();
      unlinkSync(at);
    }
    await directory.sync();
  } finally {
    await directory.close();
  }
}
