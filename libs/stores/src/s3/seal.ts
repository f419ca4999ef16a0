import { Refused, crashPoint, type TagFile } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import { inParallel } from '../in-parallel';
import type { Bucket } from './bucket';
import { S3Failure } from './failures';
import { abortUpload, uploadsBelow } from './multipart';
import { pathOf, sealName, storedName, type Keys } from './keys';

/** For bags with names that no key can carry: the manifest with the names as they are stored. */
export const storedManifestName = 'manifest-sha256-as-stored.txt';
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
  const sealing = tags.find(({ name }) => name === sealName);
  if (!sealing) throw new TypeError(`a bag is sealed by ${sealName}, which is not among its tag files`);
  const top = keys.bag(bag);
  const kept = new Set(paths.map((path) => keys.copy(bag, path)));
  const extras: string[] = [];
  const there = new Set<string>();
  for await (const page of bucket.list(top))
    for (const { key } of page) (kept.has(key) ? there : { add: (each: string) => extras.push(each) }).add(key);
  if (extras.includes(keys.seal(bag))) return checkSealedAlike(bucket, keys, bag, tags); // by another process
  const missing = paths.find((path) => !there.has(keys.copy(bag, path)));
  if (missing)
    throw new Refused(
      'COPY_MISSING',
      `The bag ${bag} cannot be sealed: there is no copy of "${displayPath(missing)}" in it.`,
      { bag, path: displayPath(missing) },
    );

  await inParallel(extras, parallel, async (key) => {
    beforeChange();
    await bucket.remove(key);
  });
  for (const { key, uploadId } of await uploadsBelow(bucket, top)) {
    beforeChange();
    await abortUpload(bucket, key, uploadId);
  }
  crashPoint('seal:1-extras-dropped');
  const stored = asStored(tags);
  await inParallel(
    [...tags.filter((tag) => tag !== sealing), ...(stored ? [stored] : [])],
    parallel,
    async ({ name, content }) => {
      beforeChange();
      await putTag(bucket, keys.tag(bag, name), content);
    },
  );
  crashPoint('seal:2-tags-written');
  beforeChange();
  await putTag(bucket, keys.tag(bag, sealName), sealing.content);
  crashPoint('seal:5-durable');
}

/** `Refused` `BAG_SEALED` unless the bag was sealed with these very tag files. */
export async function checkSealedAlike(
  bucket: Bucket,
  keys: Keys,
  bag: string,
  tags: readonly TagFile[],
): Promise<void> {
  const found = new Set<string>();
  const top = keys.bag(bag);
  for await (const page of bucket.list(top))
    for (const { key } of page) if (!key.startsWith(keys.data(bag))) found.add(key.slice(top.length));
  found.delete(storedManifestName);
  for (const { name, content } of tags) {
    const same = found.delete(name) && (await bucket.read(keys.tag(bag, name), tagLimit))?.equals(content);
    if (!same) throw sealedOtherwise(bag);
  }
  if (found.size > 0) throw sealedOtherwise(bag);
}

function sealedOtherwise(bag: string): Refused {
  return new Refused('BAG_SEALED', `The bag ${bag} is sealed already, with other tag files; it is no longer changed.`, {
    bag,
  });
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

/** The manifest of a bag that any S3 tool downloaded; none if all names are stored unchanged. */
function asStored(tags: readonly TagFile[]): TagFile | undefined {
  const manifest = tags.find(({ name }) => name === 'manifest-sha256.txt');
  if (!manifest) return undefined;
  const lines = manifest.content
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => storedLine(Buffer.from(line, 'latin1')));
  const content = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  return content.equals(manifest.content) ? undefined : { name: storedManifestName, content };
}

const unescapes = new Map([
  ['\\\\', '\\'],
  ['\\n', '\n'],
  ['\\r', '\r'],
]);

/**
 * One line as sha256sum writes it, with the name as stored: it no longer has line ends, but it may have backslashes.
 */
function storedLine(line: Buffer): Buffer {
  const escaped = line[0] === 0x5c;
  const text = line.toString('latin1', escaped ? 1 : 0);
  const raw = text.slice(66);
  const path = Buffer.from(escaped ? raw.replace(/\\[\\nr]/g, (pair) => unescapes.get(pair)!) : raw, 'latin1');
  const name = storedName(path);
  return Buffer.from(`${name.includes('\\') ? '\\' : ''}${text.slice(0, 66)}${name.replaceAll('\\', '\\\\')}`);
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
