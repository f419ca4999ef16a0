import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Directory } from './directory';
import { notRegular } from './failures';
import { identify } from './fresh';
import { typeOf, type FileType } from './identity';
import { displayPath } from './path';

/**
 * Every entry below a directory that is not itself a directory, without following links; `path` is relative to it.
 * Closes the directory.
 */
export async function* filesBelow(
  directory: Directory,
  prefix = Buffer.alloc(0),
): AsyncGenerator<{ readonly path: Buffer; readonly size: bigint; readonly kind: FileType }> {
  try {
    for (const name of await directory.names()) {
      const identity = await identify(directory.at(name));
      const path = Buffer.concat([prefix, name]);
      if (identity && typeOf(identity.mode) === 'directory')
        yield* filesBelow(await directory.open(name), Buffer.concat([path, Buffer.from('/')]));
      else if (identity) yield { path, size: identity.size, kind: typeOf(identity.mode) };
    }
  } finally {
    await directory.close();
  }
}

/**
 * The content of a regular file in an open directory. Missing: the system's `ENOENT`; over `limit` bytes: an error with
 * code `EFBIG`.
 */
export async function readSmallFile(directory: Directory, name: Buffer, limit: number): Promise<Buffer> {
  const file = await open(directory.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notRegular(displayPath(name), 'something else');
    if (stats.size > limit)
      throw Object.assign(new Error(`${displayPath(name)} has ${stats.size} bytes`), { code: 'EFBIG' });
    return await file.readFile();
  } finally {
    await file.close();
  }
}
