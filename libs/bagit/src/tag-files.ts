import type { DigestAlgorithm, TagFile } from '@coldroom/domain';
import { createHash } from 'node:crypto';
import type { BagDescription } from './bag-description';
import { informationLines, nameFormLabel } from './bag-information';
import { manifest, misleadsSha256sum, type ManifestEntry, type NameForm } from './manifest';
import { omeroLines } from './omero-lines';

/** For `sha256sum -c`: in bags whose manifest by RFC 8493 has names that it would not find. */
export const sumsName = 'sha256sum.txt';

/**
 * The tag files of a bag (RFC 8493): the same for the same description, whatever the order of its files.
 * @param form that of new bags by default; `sha256sum` gives those of earlier bags
 */
export function tagFiles(bag: BagDescription, form: NameForm = 'RFC 8493'): readonly TagFile[] {
  const lists = [{ name: 'manifest-sha256.txt', entries: payload(bag, 'SHA-256') }];
  // RFC 8493, 2.4: several payload manifests may coexist, each complete.
  if (bag.files.every(({ digests }) => digests['MD5-128']))
    lists.push({ name: 'manifest-md5.txt', entries: payload(bag, 'MD5-128') });
  return withTagManifest([
    { name: 'bagit.txt', content: Buffer.from('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n') },
    { name: 'bag-info.txt', content: bagInformation(bag, form) },
    ...payloadManifests(lists, form),
    { name: 'omero.jsonl', content: omeroLines(bag.files) },
  ]);
}

/** Payload manifests in this form, and the list for `sha256sum -c` where they do not serve it. */
export function payloadManifests(
  lists: readonly { readonly name: string; readonly entries: readonly ManifestEntry[] }[],
  form: NameForm,
): readonly TagFile[] {
  const manifests = lists.map(({ name, entries }) => ({ name, content: manifest(entries, form) }));
  const sha256 = lists.find(({ name }) => name === 'manifest-sha256.txt');
  return form === 'RFC 8493' && sha256 && misleadsSha256sum(sha256.entries)
    ? [...manifests, { name: sumsName, content: manifest(sha256.entries, 'sha256sum') }]
    : manifests;
}

/** Adds the manifest of all these tag files. Their names are plain: they are the same in every form. */
export function withTagManifest(tags: readonly TagFile[]): readonly TagFile[] {
  const entries = tags.map(({ name, content }) => ({
    digest: createHash('sha256').update(content).digest('hex'),
    path: Buffer.from(name),
  }));
  return [...tags, { name: 'tagmanifest-sha256.txt', content: manifest(entries, 'RFC 8493') }];
}

function payload({ files }: BagDescription, algorithm: DigestAlgorithm): ManifestEntry[] {
  return files.map(({ copyPath, digests }) => {
    const digest = digests[algorithm];
    if (!digest) throw new TypeError(`a file without ${algorithm} cannot be bagged`);
    return { digest, path: Buffer.concat([Buffer.from('data/'), copyPath]) };
  });
}

function bagInformation({ bag, date, files, information = [] }: BagDescription, form: NameForm): Buffer {
  const bytes = files.reduce((sum, file) => sum + file.identity.size, 0n);
  return informationLines([
    ['Bagging-Date', date.toISOString().slice(0, 10)],
    ['Payload-Oxum', `${bytes}.${files.length}`],
    ['External-Identifier', bag],
    ['Bag-Software-Agent', 'Coldroom'],
    ...(form === 'RFC 8493' ? [[nameFormLabel, form] as const] : []),
    ...information,
  ]);
}
