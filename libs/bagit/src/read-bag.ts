import { Refused, type Store } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import { createHash } from 'node:crypto';
import type { BagDescription, DescribedFile } from './bag-description';
import { hasStoredNames, informationOf, nameFormOf, parseInformation, type Information } from './bag-information';
import type { ManifestEntry, NameForm } from './manifest';
import { parseManifest } from './read-manifest';
import { parseOmeroLines } from './read-omero-lines';
import { percentDecoded } from './stored-names';

const needed = ['bagit.txt', 'bag-info.txt', 'manifest-sha256.txt', 'omero.jsonl'] as const;
const tagManifest = 'tagmanifest-sha256.txt';
const md5Manifest = 'manifest-md5.txt';

/**
 * Reads the description of a sealed bag from its tag files, and accepts it only if all of them agree: each tag file has
 * the digest that the tag manifest names, the bag calls itself by its name, and manifest, `omero.jsonl` and
 * Payload-Oxum name the same files. Copies are not inspected. `Refused`: `TAG_MISSING`, `TAG_DIFFERS`,
 * `TAG_NOT_UNDERSTOOD`, `TAG_TOO_LARGE`, `BAG_INCONSISTENT`, or `ENTRY_NOT_ALLOWED` if an entry leaves the bag: then
 * nothing in it can be trusted.
 */
export async function readBag(store: Pick<Store, 'readTag'>, bag: string): Promise<Required<BagDescription>> {
  const tags = await readTags(store, bag);
  const information = parseInformation(tags.get('bag-info.txt')!);
  const files = parseOmeroLines(tags.get('omero.jsonl')!);
  agree(bag, information, files, entriesOf(tags.get('manifest-sha256.txt')!, 'manifest-sha256.txt', 64, information));
  return { bag, date: dateOf(information), information, files: withMd5(files, tags.get(md5Manifest), information) };
}

/** By which rules a sealed bag writes names in its manifests; undefined if there is no such bag. */
export async function nameFormIn(store: Pick<Store, 'readTag'>, bag: string): Promise<NameForm | undefined> {
  const content = await store.readTag(bag, 'bag-info.txt');
  return content && nameFormOf(parseInformation(content));
}

/** The entries of a payload manifest, by the paths that their names stand for. */
function entriesOf(
  content: Buffer,
  name: string,
  digestLength: number,
  information: Information,
): readonly ManifestEntry[] {
  const entries = parseManifest(content, name, nameFormOf(information), digestLength);
  if (!hasStoredNames(information)) return entries;
  return entries.map(({ digest, path }) => ({ digest, path: percentDecoded(path) }));
}

/** Some stores compare copies by MD5; the original's MD5 is then in a manifest of its own. */
function withMd5(
  files: readonly DescribedFile[],
  content: Buffer | undefined,
  information: Information,
): readonly DescribedFile[] {
  if (!content) return files;
  const listed = new Map(
    entriesOf(content, md5Manifest, 32, information).map(({ path, digest }) => [path.toString('latin1'), digest]),
  );
  return files.map((file) => {
    const digest = listed.get(`data/${file.copyPath.toString('latin1')}`);
    return digest === undefined ? file : { ...file, digests: { ...file.digests, 'MD5-128': digest } };
  });
}

async function readTags(store: Pick<Store, 'readTag'>, bag: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = parseManifest(await tagOf(store, bag, tagManifest), tagManifest, 'sha256sum');
  const missing = needed.find((name) => !entries.some(({ path }) => path.equals(Buffer.from(name))));
  if (missing) throw new Refused('TAG_MISSING', `${tagManifest} does not name ${missing}.`, { bag });
  const tags = new Map<string, Buffer>();
  for (const { path, digest } of entries) {
    const name = displayPath(path);
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
      throw new Refused('ENTRY_NOT_ALLOWED', `${tagManifest} names "${name}", which is not one of our tag files.`, {
        bag,
      });
    const content = await tagOf(store, bag, name);
    if (createHash('sha256').update(content).digest('hex') !== digest)
      throw new Refused('TAG_DIFFERS', `${name} is not what was sealed: its SHA-256 differs from ${tagManifest}.`, {
        bag,
      });
    if (name === md5Manifest || needed.some((each) => each === name)) tags.set(name, content);
  }
  return tags;
}

async function tagOf(store: Pick<Store, 'readTag'>, bag: string, name: string): Promise<Buffer> {
  const content = await store.readTag(bag, name);
  if (!content) throw new Refused('TAG_MISSING', `The bag has no ${name}.`, { bag });
  return content;
}

function dateOf(information: Information): Date {
  const written = informationOf(information, 'Bagging-Date') ?? '';
  const date = new Date(`${written}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(written) || Number.isNaN(date.getTime()))
    throw new Refused('TAG_NOT_UNDERSTOOD', `bag-info.txt: Bagging-Date "${written}" is no date.`);
  return date;
}

function agree(
  bag: string,
  information: Information,
  files: readonly DescribedFile[],
  manifest: readonly ManifestEntry[],
): void {
  const inconsistent = (fault: string): Refused => new Refused('BAG_INCONSISTENT', `${fault}.`, { bag });
  const own = informationOf(information, 'External-Identifier');
  if (own !== bag)
    throw inconsistent(`bag-info.txt says that this is the bag "${own ?? ''}"; was it copied or renamed`);
  const listed = new Map(manifest.map(({ path, digest }) => [path.toString('latin1'), digest]));
  if (listed.size !== manifest.length) throw inconsistent('manifest-sha256.txt names a file twice');
  const stray = manifest.find(({ path }) => path.subarray(0, 5).toString('latin1') !== 'data/');
  if (stray)
    throw new Refused(
      'ENTRY_NOT_ALLOWED',
      `manifest-sha256.txt names "${displayPath(stray.path)}", which is not below data/.`,
      { bag },
    );
  for (const { copyPath, digests } of files) {
    const key = `data/${copyPath.toString('latin1')}`;
    if (listed.get(key) !== digests['SHA-256'])
      throw inconsistent(`manifest-sha256.txt and omero.jsonl do not say the same of "${displayPath(copyPath)}"`);
    listed.delete(key);
  }
  const [only] = listed.keys();
  if (only !== undefined) throw strayOr(inconsistent, Buffer.from(only, 'latin1'), bag);
  const oxum = `${files.reduce((sum, file) => sum + file.identity.size, 0n)}.${files.length}`;
  if (informationOf(information, 'Payload-Oxum') !== oxum)
    throw inconsistent(`Payload-Oxum is not ${oxum}, as omero.jsonl has it`);
}

/** An entry of the manifest that no line describes; one that leaves the bag is reported as such. */
function strayOr(inconsistent: (fault: string) => Refused, path: Buffer, bag: string): Refused {
  const shown = displayPath(path);
  const leaves =
    path
      .toString('latin1')
      .split('/')
      .some((part) => part === '' || part === '.' || part === '..') || path.includes(0);
  if (leaves)
    return new Refused('ENTRY_NOT_ALLOWED', `manifest-sha256.txt names "${shown}", which leaves the bag.`, { bag });
  return inconsistent(`manifest-sha256.txt names "${shown}", which omero.jsonl does not describe`);
}
