import { readlink } from 'node:fs/promises';
import { codeOf, copyPath, reasonsToKeepOldLink, type ArchiveFile, type Store } from '@coldroom/domain';
import type { Originals } from '@coldroom/trees';

/** What is at the path of an archived file: a link into this directory with a bag of ours behind it, or not. */
export interface LinkFound {
  readonly file: ArchiveFile;
  /** The directory of the store that it leads into; undefined for everything that is not a link of ours. */
  readonly directory: string | undefined;
  /** Why no link may lead to the copy in the store as it is now. */
  readonly code: string | undefined;
}

/** Where the links of these files lead, and whether their copies are seen where the store is now. Changes nothing. */
export async function lookAtLinks(
  originals: Originals,
  store: Store,
  bag: string,
  files: readonly ArchiveFile[],
): Promise<readonly LinkFound[]> {
  const statuses = await store.stat(bag, files.map(copyPath));
  const policy = { stopped: false, acceptedReads: store.acceptedReads, bagMoveSealed: true };
  const found: LinkFound[] = [];
  for (const [at, file] of files.entries()) {
    const { copyVersion: version, copyDigest: digest, copyRead: read } = file;
    const copy = version === null || digest === null || read === null ? null : { version, digest, read };
    const facts = { atPath: 'our-link', copy, inStore: statuses[at] } as const;
    const [reason] = reasonsToKeepOldLink({ ...file, state: 'moveSealed' }, facts, policy);
    found.push({ file, directory: await directoryAt(originals, bag, file), code: reason?.code });
  }
  return found;
}

async function directoryAt(originals: Originals, bag: string, file: ArchiveFile): Promise<string | undefined> {
  const { directory } = await originals.root(file.root);
  const target = await readlink(Buffer.concat([Buffer.from(`${directory}/`), file.path]), 'buffer').catch(unlessNoLink);
  const inStore = Buffer.concat([Buffer.from(`/${bag}/data/`), copyPath(file)]);
  return target && target.length > inStore.length && target.subarray(-inStore.length).equals(inStore)
    ? target.subarray(0, -inStore.length).toString()
    : undefined;
}

/** Nothing is there, or a file. A failure of the disk says nothing about the link, and ends the look. */
function unlessNoLink(error: unknown): null {
  if (!['ENOENT', 'EINVAL', 'ENOTDIR'].includes(codeOf(error))) throw error;
  return null;
}
