import { Transient, codeOf, messageOf } from '@coldroom/domain';
import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { openDirectory } from './directory';
import { storeFailed } from './failures';
import type { Root } from './roots';

/**
 * Writes, syncs and removes a small file in a directory below a root (made if missing). Throws `Transient`
 * `STORE_FULL`, `STORE_READ_ONLY`, `STORE_DENIED` or `COPY_NOT_SYNCED` where that fails.
 */
export async function checkWritable(root: Root, path: Buffer): Promise<void> {
  try {
    const directory = await openDirectory(root, path, { create: true });
    try {
      const name = directory.at(Buffer.from(`.check-${randomUUID()}`));
      const file = await open(name, 'wx', 0o600);
      try {
        await file.writeFile('coldroom was here\n');
        await file.sync();
      } finally {
        await file.close();
        await unlink(name);
      }
    } finally {
      await directory.close();
    }
  } catch (error) {
    throw (
      storeFailed(error, root.directory) ??
      (codeOf(error) === 'UNKNOWN' || /^E[A-Z0-9]+$/.test(codeOf(error))
        ? new Transient(
            'STORE_FAILED',
            `The store at ${root.directory} cannot be used (${messageOf(error)}).`,
            { root: root.directory },
            { cause: error },
          )
        : error)
    );
  }
}
