import { statfs } from 'node:fs/promises';
import { markedDirectories, type StoreSettings } from './settings';

/** The file system of a store's directory. */
export interface StoreSpace {
  readonly directory: string;
  readonly freeBytes: bigint;
  readonly totalBytes: bigint;
}

/** The directories on this machine that a store uses, with their space; empty for a store without any. */
export async function spaceOf(name: string, settings: StoreSettings): Promise<readonly StoreSpace[]> {
  return Promise.all(
    markedDirectories(name, settings).map(async ({ path }) => {
      const { bavail, blocks, bsize } = await statfs(path, { bigint: true });
      return { directory: path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    }),
  );
}
