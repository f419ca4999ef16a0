import { codeOf, Refused } from '@coldroom/domain';
import { filesBelow, openDirectory, readSmallFile, type Root } from '@coldroom/files';
import { opendir } from 'node:fs/promises';
import { isBagName, sealedBag } from './layout';

const tagLimit = 64 * 1024 * 1024;

/** The names of all sealed bags, in the order of the directory. */
export async function* sealedBags(directory: string): AsyncGenerator<string> {
  for await (const entry of await opendir(directory, { bufferSize: 1024 })) {
    if (entry.isDirectory() && isBagName(entry.name)) yield entry.name;
  }
}

/** Everything below the bag's `data`, links and devices included: callers look for what should not be there. */
export async function copiesIn(
  root: Root,
  bag: string,
): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
  try {
    const data = await openDirectory(root, Buffer.concat([sealedBag(bag), Buffer.from('/data')]));
    const files: { readonly path: Buffer; readonly size: bigint }[] = [];
    for await (const file of filesBelow(data)) files.push(file);
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
