import { opendir } from 'node:fs/promises';
import { rootNames } from '@coldroom/domain';
import { filesBelow, markerName, openDirectory, probePrefix, type Root } from '@coldroom/files';
import type { CopyPlace } from '@coldroom/register';
import type { Scope } from './scope';

/** The form of every bag name that a store or Coldroom gives; any other name in a directory of bags is foreign. */
const bagName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

/**
 * A long listing in batches. If it breaks off, the report lists its part as not examined; what was read before that
 * counts.
 */
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

/** An entry below a root that has one directory for each bag. */
export interface BagEntry {
  /** Relative to the root, for messages and for a second look. */
  readonly path: Buffer;
  /** Null for an entry outside the bag directories. */
  readonly bag: string | null;
  /** Relative to the bag's directory. */
  readonly inBag: Buffer;
}

/** Everything below such a root that is not a directory, as it is read: never holds all names of all bags in memory. */
export async function* entriesOfBags(root: Root, prefix = ''): AsyncGenerator<BagEntry> {
  for await (const { name } of await opendir(`${root.directory}/${prefix}`, { bufferSize: 256 })) {
    const path = Buffer.from(`${prefix}${name}`);
    if (name.startsWith(markerName) || name.startsWith(probePrefix) || (prefix === '' && name === stagingName))
      continue;
    if (!bagName.test(name)) {
      yield { path, bag: null, inBag: Buffer.alloc(0) };
      continue;
    }
    const directory = await openDirectory(root, path).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'ENOENT') return null; // removed in the meantime
      if ((error as { code?: unknown }).code === 'PARENT_NOT_A_DIRECTORY') return undefined;
      throw error;
    });
    if (directory === undefined) yield { path, bag: null, inBag: Buffer.alloc(0) };
    else if (directory)
      for await (const file of filesBelow(directory))
        yield { path: Buffer.concat([path, Buffer.from('/'), file.path]), bag: name, inBag: file.path };
  }
}

/** In a recall directory: files being fetched, with one directory for each bag. Bag names never begin with a dot. */
export const stagingName = '.fetching';

/** A path below a bag's `data/` as root and path; undefined if it is not the path of an OMERO tree. */
export function copyPlace(path: Buffer): CopyPlace | undefined {
  const slash = path.indexOf('/');
  const root = rootNames.find((name) => name === path.subarray(0, Math.max(slash, 0)).toString('latin1'));
  return root && { root, path: path.subarray(slash + 1) };
}
