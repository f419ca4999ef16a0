import { codeOf } from '@coldroom/domain';
import { fsyncSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/*
 * Until its directory is synced, a power cut may lose a name that was made, renamed or removed. Some network and FUSE
 * file systems cannot sync a directory and report EINVAL: their servers write names at once. PostgreSQL, too, accepts that.
 */

/** For worker threads. */
export function syncDirectory(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error;
  }
}

/** The same off the event loop. */
export async function syncDirectoryHandle(directory: FileHandle): Promise<void> {
  try {
    await directory.sync();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error;
  }
}
