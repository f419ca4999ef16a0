import { opendir } from 'node:fs/promises';
import { rootNames } from '@coldroom/domain';
import { filesBelow, markerName, openDirectory, type Root } from '@coldroom/files';
import type { CopyPlace } from '@coldroom/register';
import type { Scope } from './scope';

/** What a store or we name a bag; any other name in a directory of bags is not ours. */
const bagName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/** A long listing in pieces. Where it breaks off, its part is told as not looked at, and what was read before counts. */
export async function* inBatches<T>(
  scope: Scope,
  part: string,
  items: AsyncIterable<T>,
  size = 200,
): AsyncGenerator<readonly T[]> {
  const rest = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const batch: T[] = [];
      const ended = await scope.look(part, async () => {
        while (batch.length < size) {
          const next = await rest.next();
          if (next.done) return true;
          batch.push(next.value);
        }
        return false;
      });
      if (batch.length > 0) yield batch;
      if (ended !== false) return;
    }
  } finally {
    await rest.return?.();
  }
}

/** Something below a root that has a directory for each bag. */
export interface BagEntry {
  /** Below the root, for people and for a second look. */
  readonly path: Buffer;
  /** Null for what lies beside the bags. */
  readonly bag: string | null;
  /** Below the bag's directory. */
  readonly inBag: Buffer;
}

/** Everything below such a root that is no directory, as it is read: never all names of all bags at once. */
export async function* entriesOfBags(root: Root, prefix = ''): AsyncGenerator<BagEntry> {
  for await (const { name } of await opendir(`${root.directory}/${prefix}`, { bufferSize: 256 })) {
    const path = Buffer.from(`${prefix}${name}`);
    if (name === markerName || (prefix === '' && name === stagingName)) continue;
    if (!bagName.test(name)) {
      yield { path, bag: null, inBag: Buffer.alloc(0) };
      continue;
    }
    const directory = await openDirectory(root, path).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'ENOENT') return null; // gone meanwhile
      if ((error as { code?: unknown }).code === 'PARENT_NOT_A_DIRECTORY') return undefined;
      throw error;
    });
    if (directory === undefined) yield { path, bag: null, inBag: Buffer.alloc(0) };
    else if (directory)
      for await (const file of filesBelow(directory))
        yield { path: Buffer.concat([path, Buffer.from('/'), file.path]), bag: name, inBag: file.path };
  }
}

/** In a recall directory: what is being fetched, a directory for each bag. Bag names never begin with a dot. */
export const stagingName = '.fetching';

/** A path below a bag's `data/` as root and path, or undefined where it is none of an OMERO tree. */
export function copyPlace(path: Buffer): CopyPlace | undefined {
  const slash = path.indexOf('/');
  const root = rootNames.find((name) => name === path.subarray(0, Math.max(slash, 0)).toString('latin1'));
  return root && { root, path: path.subarray(slash + 1) };
}
