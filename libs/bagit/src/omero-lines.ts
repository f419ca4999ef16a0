import { displayPath } from '@coldroom/files';
import { isUtf8 } from 'node:buffer';
import type { DescribedFile } from './bag-description';

/** `omero.jsonl`: one JSON object per line, sorted by path, from which the register can be rebuilt. */
export function omeroLines(files: readonly DescribedFile[]): Buffer {
  const sorted = [...files].sort((one, other) => Buffer.compare(one.copyPath, other.copyPath));
  return Buffer.from(sorted.map((file) => `${JSON.stringify(described(file))}\n`).join(''));
}

function described(file: DescribedFile): Record<string, unknown> {
  return {
    kind: kindOf(file),
    originalFile: exact(file.originalFileId),
    pixels: exact(file.pixelsId),
    fileset: file.fileset,
    images: file.imageIds.map(exact),
    owner: file.owner,
    group: file.group,
    root: file.root,
    path: displayPath(file.path),
    // The display form escapes what is not valid text; these are the bytes.
    ...(isText(file.path) ? {} : { pathBase64: file.path.toString('base64') }),
    size: exact(file.identity.size),
    mtimeNs: String(file.identity.mtimeNs), // larger than JSON readers keep exactly
    mode: (file.identity.mode & 0o7777).toString(8).padStart(4, '0'),
    uid: file.identity.uid,
    gid: file.identity.gid,
    ...(file.attributes
      ? {
          attributes: Object.fromEntries(
            Object.entries(file.attributes)
              .sort()
              .map(([name, value]) => [name, value.toString('base64')]),
          ),
        }
      : {}),
    omeroHash: file.omeroHash && { algorithm: file.omeroHash.algorithm, value: file.omeroHash.value },
    sha256: file.digests['SHA-256'],
  };
}

function isText(path: Buffer): boolean {
  return isUtf8(path) && displayPath(path) === path.toString('utf8');
}

/** The role of the file in OMERO; its pyramids are named `<pixels id>_pyramid` in all roots. */
function kindOf({ root, path }: DescribedFile): 'fileset file' | 'original file' | 'pixels' | 'pyramid' {
  switch (root) {
    case 'ManagedRepository':
      return 'fileset file';
    case 'Files':
      return 'original file';
    case 'Pixels':
      return path.toString('latin1').endsWith('_pyramid') ? 'pyramid' : 'pixels';
  }
}

function exact(value: bigint | null): number | null {
  if (value === null) return null;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} cannot be written exactly into JSON`);
  return Number(value);
}
