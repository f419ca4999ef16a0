import { codeOf, Refused } from '@coldroom/domain';
import { filesBelow, openDirectory, readSmallFile, type Root } from '@coldroom/files';
import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isBagName, sealedBag } from './layout';

const tagLimit = 64 * 1024 * 1024;

/** The names of all sealed bags, in the order of the directory. */
export async function* sealedBags(directory: string): AsyncGenerator<string> {
  for await (const entry of await opendir(directory, { bufferSize: 1024 }))
    if (await isSealedBag(directory, entry)) yield entry.name;
}

/** Everything in a store's directory that is neither a bag nor hidden, as the marker and open bags are. */
export async function* foreignEntries(directory: string): AsyncGenerator<string> {
  for await (const entry of await opendir(directory, { bufferSize: 1024 }))
    if (!entry.name.startsWith('.') && !(await isSealedBag(directory, entry))) yield entry.name;
}

/** Any one of these makes a directory a bag: one that lost the others is damaged, not foreign. */
const inEveryBag = ['data', 'bagit.txt', 'manifest-sha256.txt', 'omero.jsonl', 'tagmanifest-sha256.txt'];

async function isSealedBag(directory: string, entry: Dirent): Promise<boolean> {
  if (!entry.isDirectory() || !isBagName(entry.name)) return false;
  for (const name of inEveryBag) {
    try {
      await lstat(join(directory, entry.name, name));
      return true;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return true; // unknown: whoever looks at the bag reports why
    }
  }
  return false;
}

/** Everything below the bag's `data`, links and devices included: callers look for what should not be there. */
export async function copiesIn(
  root: Root,
  bag: string,
): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
  try {
    const data = await openDirectory(root, Buffer.concat([sealedBag(bag), Buffer.from('/data')]));
    const files: { readonly path: Buffer; readonly size: bigint }[] = [];
    for await (const { path, size } of filesBelow(data)) files.push({ path, size });
    return files;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export async function readTag(root: Root, bag: string, name: string): Promise<Buffer | undefined> {
  try {
    const directory = await openDirectory(root, sealedBag(bag));
    try {
      return await readSmallFile(directory, Buffer.from(name), tagLimit);
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'EFBIG')
      throw new Refused(
        'TAG_TOO_LARGE',
        `${name} of bag ${bag} is larger than any that Coldroom writes.`,
        { bag },
        { cause: error },
      );
    throw error;
  }
}
