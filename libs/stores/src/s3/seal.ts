import { underStoredNames } from '@coldroom/bagit';
import { Refused, crashPoint, type TagFile } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import { inParallel } from '../in-parallel';
import type { Bucket } from './bucket';
import { S3Failure } from './failures';
import { abortUpload, uploadsBelow } from './multipart';
import { keyIn, pathOf, sealName, type Keys } from './keys';

/** In earlier bags: a manifest with the names as they are stored, where these differ. */
const earlierStoredManifest = 'manifest-sha256-as-stored.txt';
const tagLimit = 64 * 1024 * 1024;

export interface SealOrder {
  readonly bag: string;
  readonly paths: readonly Buffer[];
  readonly tags: readonly TagFile[];
  readonly parallel: number;
  /** Called right before each request that changes anything. */
  readonly beforeChange: () => void;
}

/**
 * Closes an open bag: removes what is not kept and every unfinished upload, writes the tag files, the one that seals
 * last.
 */
export async function seal(
  bucket: Bucket,
  keys: Keys,
  { bag, paths, tags, parallel, beforeChange }: SealOrder,
): Promise<void> {
  beforeChange();
  const top = keys.bag(bag);
  const there = new Set<string>();
  for await (const page of bucket.list(top)) for (const { key } of page) there.add(key);
  if (there.has(keys.seal(bag))) return checkSealedAlike(bucket, keys, bag, tags); // by another process
  const kept = new Set(paths.map((path) => keyIn(there, keys.copy(bag, path))));
  const missing = paths.find((path) => !there.has(keyIn(there, keys.copy(bag, path))));
  if (missing)
    throw new Refused(
      'COPY_MISSING',
      `The bag ${bag} cannot be sealed: there is no copy of "${displayPath(missing)}" in it.`,
      { bag, path: displayPath(missing) },
    );
  const stored = underNamesIn(keys, bag, there, tags);
  const sealing = stored.find(({ name }) => name === sealName);
  if (!sealing) throw new TypeError(`a bag is sealed by ${sealName}, which is not among its tag files`);

  const extras = [...there].filter((key) => !kept.has(key));
  await inParallel(extras, parallel, async (key) => {
    beforeChange();
    await bucket.remove(key);
  });
  for (const { key, uploadId } of await uploadsBelow(bucket, top)) {
    beforeChange();
    await abortUpload(bucket, key, uploadId);
  }
  crashPoint('seal:1-extras-dropped');
  const others = stored.filter((tag) => tag !== sealing);
  await inParallel(others, parallel, async ({ name, content }) => {
    beforeChange();
    await putTag(bucket, keys.tag(bag, name), content);
  });
  crashPoint('seal:2-tags-written');
  beforeChange();
  await putTag(bucket, keys.tag(bag, sealName), sealing.content);
  crashPoint('seal:5-durable');
}

/** The tag files of a bag as the bucket has its files: `there` are the keys of its objects. */
function underNamesIn(
  keys: Keys,
  bag: string,
  there: ReadonlySet<string>,
  tags: readonly TagFile[],
): readonly TagFile[] {
  const { length } = keys.data(bag);
  return underStoredNames(tags, (path) => Buffer.from(keyIn(there, keys.copy(bag, path)).slice(length)));
}

/**
 * `Refused` `BAG_SEALED` unless the bag was sealed with these very tag files. In earlier bags they have the names of the
 * originals.
 */
export async function checkSealedAlike(
  bucket: Bucket,
  keys: Keys,
  bag: string,
  tags: readonly TagFile[],
): Promise<void> {
  const there = new Set<string>();
  const top = keys.bag(bag);
  for await (const page of bucket.list(top)) for (const { key } of page) there.add(key);
  const found = [...there]
    .filter((key) => !key.startsWith(keys.data(bag)))
    .map((key) => key.slice(top.length))
    .filter((name) => name !== earlierStoredManifest);
  for (const candidate of [underNamesIn(keys, bag, there, tags), tags])
    if (candidate.length === found.length && (await isEach(bucket, keys, bag, candidate))) return;
  throw new Refused('BAG_SEALED', `The bag ${bag} is sealed already, with other tag files; it is no longer changed.`, {
    bag,
  });
}

async function isEach(bucket: Bucket, keys: Keys, bag: string, tags: readonly TagFile[]): Promise<boolean> {
  for (const { name, content } of tags)
    if (!(await bucket.read(keys.tag(bag, name), tagLimit))?.equals(content)) return false;
  return true;
}

/** The next attempt repeats a put whose answer was lost; the same content there then counts as put. */
async function putTag(bucket: Bucket, key: string, content: Buffer): Promise<void> {
  try {
    await bucket.putNew(key, content, { 'content-type': 'text/plain; charset=utf-8' });
  } catch (error) {
    if (!(error instanceof S3Failure) || error.status !== 412 || !(await bucket.read(key, tagLimit))?.equals(content))
      throw error;
  }
}

/** The keys below a bag's `data`. */
export async function copiesIn(
  bucket: Bucket,
  keys: Keys,
  bag: string,
): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
  const prefix = keys.data(bag);
  const copies: { readonly path: Buffer; readonly size: bigint }[] = [];
  for await (const page of bucket.list(prefix))
    for (const { key, size } of page) copies.push({ path: pathOf(key.slice(prefix.length)), size });
  return copies;
}
