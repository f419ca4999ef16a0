import type { TagFile } from '@coldroom/domain';
import { informationLines, nameFormOf, parseInformation, payloadNamesLabel, percentEncoded } from './bag-information';
import type { ManifestEntry } from './manifest';
import { parseManifest } from './read-manifest';
import { payloadManifests, withTagManifest } from './tag-files';

const below = Buffer.from('data/');
const digestLengths: ReadonlyMap<string, number> = new Map([
  ['manifest-sha256.txt', 64],
  ['manifest-md5.txt', 32],
]);

/** The bytes that a name with `%XX` stands for. */
export function percentDecoded(name: Buffer): Buffer {
  if (!name.includes('%')) return name;
  const pieces = name.toString('latin1').split(/%([0-9A-Fa-f]{2})/);
  return Buffer.concat(
    pieces.map((piece, at) => (at % 2 === 1 ? Buffer.of(Number.parseInt(piece, 16)) : Buffer.from(piece, 'latin1'))),
  );
}

/**
 * The tag files of a bag in a store that percent-encodes names: its manifests list the files under the names that the
 * store has, as whoever downloads the bag gets them, and `bag-info.txt` says so. Unchanged if all names are stored as
 * they are. `nameOf` takes and gives names below `data/`, and `percentDecoded` must undo it.
 */
export function underStoredNames(tags: readonly TagFile[], nameOf: (path: Buffer) => Buffer): readonly TagFile[] {
  const bagInfo = tags.find(({ name }) => name === 'bag-info.txt');
  if (!bagInfo) return tags;
  const information = parseInformation(bagInfo.content);
  const form = nameFormOf(information);
  const lists = tags.flatMap(({ name, content }) => {
    const length = digestLengths.get(name);
    return length === undefined ? [] : [{ name, entries: parseManifest(content, name, form, length) }];
  });
  const stored = lists.map(({ name, entries }) => ({
    name,
    entries: entries.map((each) => underStored(each, nameOf)),
  }));
  const changed = stored.some(({ entries }, list) =>
    entries.some(({ path }, at) => !path.equals(lists[list]!.entries[at]!.path)),
  );
  if (!changed) return tags;
  for (const [list, { entries }] of stored.entries())
    for (const [at, { path }] of entries.entries())
      if (!percentDecoded(path).equals(lists[list]!.entries[at]!.path))
        throw new TypeError(`the name ${path.toString()} does not lead back to its path`);
  const rewritten = payloadManifests(stored, form);
  const others = tags.filter(({ name }) => !isRewritten(name));
  return withTagManifest([
    { name: 'bag-info.txt', content: informationLines([...information, [payloadNamesLabel, percentEncoded]]) },
    ...rewritten,
    ...others,
  ]);
}

function underStored({ digest, path }: ManifestEntry, nameOf: (path: Buffer) => Buffer): ManifestEntry {
  return { digest, path: Buffer.concat([below, nameOf(path.subarray(below.length))]) };
}

const isRewritten = (name: string): boolean =>
  digestLengths.has(name) || ['bag-info.txt', 'sha256sum.txt', 'tagmanifest-sha256.txt'].includes(name);
