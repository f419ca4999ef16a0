import type { DigestAlgorithm, TagFile } from '@coldroom/domain';
import { createHash } from 'node:crypto';
import type { BagDescription } from './bag-description';
import { manifest, type ManifestEntry } from './manifest';
import { omeroLines } from './omero-lines';

/** The tag files of a bag (RFC 8493): the same for the same description, whatever the order of its files. */
export function tagFiles(bag: BagDescription): TagFile[] {
  const tags: TagFile[] = [
    { name: 'bagit.txt', content: Buffer.from('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n') },
    { name: 'bag-info.txt', content: bagInformation(bag) },
    { name: 'manifest-sha256.txt', content: manifest(payload(bag, 'SHA-256')) },
    // RFC 8493, 2.4: several payload manifests may coexist, each complete.
    ...(bag.files.every(({ digests }) => digests['MD5-128'])
      ? [{ name: 'manifest-md5.txt', content: manifest(payload(bag, 'MD5-128')) }]
      : []),
    { name: 'omero.jsonl', content: omeroLines(bag.files) },
  ];
  const entries = tags.map(({ name, content }) => ({
    digest: createHash('sha256').update(content).digest('hex'),
    path: Buffer.from(name),
  }));
  return [...tags, { name: 'tagmanifest-sha256.txt', content: manifest(entries) }];
}

function payload({ files }: BagDescription, algorithm: DigestAlgorithm): ManifestEntry[] {
  return files.map(({ copyPath, digests }) => {
    const digest = digests[algorithm];
    if (!digest) throw new TypeError(`a file without ${algorithm} cannot be bagged`);
    return { digest, path: Buffer.concat([Buffer.from('data/'), copyPath]) };
  });
}

function bagInformation({ bag, date, files, information = [] }: BagDescription): Buffer {
  const bytes = files.reduce((sum, file) => sum + file.identity.size, 0n);
  const lines: (readonly [string, string])[] = [
    ['Bagging-Date', date.toISOString().slice(0, 10)],
    ['Payload-Oxum', `${bytes}.${files.length}`],
    ['External-Identifier', bag],
    ['Bag-Software-Agent', 'Coldroom'],
    ...information,
  ];
  return Buffer.from(lines.map(([label, value]) => `${label}: ${value.replace(/\s+/g, ' ')}\n`).join(''));
}
