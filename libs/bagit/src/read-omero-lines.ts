import { copyPath, omeroAlgorithms, Refused, rootNames, type OmeroAlgorithm } from '@coldroom/domain';
import { checkPath, displayPath } from '@coldroom/files';
import { z } from 'zod';
import type { DescribedFile } from './bag-description';

const regularFile = 0o100000;
// PostgreSQL's text cannot hold NUL; no name in OMERO contains it.
const text = z
  .string()
  .min(1)
  .max(4096)
  .refine((value) => !value.includes('\0'), { error: 'must not contain NUL' });
const id = z.int().min(0).transform(BigInt);
const system = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

const line = z.object({
  originalFile: id.nullable(),
  pixels: id.nullable(),
  fileset: text.regex(/^(Fileset|Legacy):\d{1,19}$/),
  images: z.array(id),
  owner: text,
  group: text,
  root: z.enum(rootNames),
  path: z.string(),
  pathBase64: z.base64().optional(),
  size: id,
  mtimeNs: z
    .string()
    .regex(/^-?\d{1,20}$/)
    .transform(BigInt),
  mode: z
    .string()
    .regex(/^[0-7]{4}$/)
    .transform((octal) => Number.parseInt(octal, 8)),
  uid: system,
  gid: system,
  attributes: z.record(z.string(), z.base64()).optional(),
  omeroHash: z.object({ algorithm: text, value: text }).nullable(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Reads `omero.jsonl` as `omeroLines` writes it. What only the disk of that time knew (device, inode, ctime) is 0. A
 * line of another shape, or with a number that JSON cannot hold exactly, is `Refused` `TAG_NOT_UNDERSTOOD`; a path that
 * leaves its root `ENTRY_NOT_ALLOWED`.
 */
export function parseOmeroLines(content: Buffer): readonly DescribedFile[] {
  if (content.length > 0 && content.at(-1) !== 0x0a) throw notUnderstood(0, 'its last line does not end');
  return content
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((each, at) => fileOf(each, at + 1));
}

function fileOf(written: string, nr: number): DescribedFile {
  const parsed = line.safeParse(jsonOf(written, nr));
  if (!parsed.success)
    throw notUnderstood(
      nr,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the line'}: ${issue.message}`).join('; '),
    );
  const { root, omeroHash, sha256, attributes } = parsed.data;
  const path = pathOf(parsed.data, nr);
  return {
    copyPath: copyPath({ root, path }),
    root,
    path,
    fileset: parsed.data.fileset,
    originalFileId: parsed.data.originalFile,
    pixelsId: parsed.data.pixels,
    imageIds: parsed.data.images,
    owner: parsed.data.owner,
    group: parsed.data.group,
    omeroHash,
    identity: {
      dev: 0n,
      ino: 0n,
      size: parsed.data.size,
      mtimeNs: parsed.data.mtimeNs,
      ctimeNs: 0n,
      links: 1,
      mode: regularFile | parsed.data.mode,
      uid: parsed.data.uid,
      gid: parsed.data.gid,
    },
    digests: {
      'SHA-256': sha256,
      ...(omeroHash && isKnown(omeroHash.algorithm) ? { [omeroHash.algorithm]: omeroHash.value.toLowerCase() } : {}),
    },
    ...(attributes
      ? {
          attributes: Object.fromEntries(
            Object.entries(attributes).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
          ),
        }
      : {}),
  };
}

function pathOf({ path, pathBase64 }: z.output<typeof line>, nr: number): Buffer {
  const bytes = pathBase64 === undefined ? Buffer.from(path) : Buffer.from(pathBase64, 'base64');
  try {
    checkPath(bytes);
  } catch (error) {
    throw new Refused(
      'ENTRY_NOT_ALLOWED',
      `omero.jsonl, line ${nr}: ${(error as Error).message}`,
      {},
      { cause: error },
    );
  }
  if (displayPath(bytes) !== path) throw notUnderstood(nr, 'path and pathBase64 name two files');
  return bytes;
}

function isKnown(algorithm: string): algorithm is OmeroAlgorithm {
  return omeroAlgorithms.some((known) => known === algorithm);
}

function jsonOf(written: string, nr: number): unknown {
  try {
    return JSON.parse(written);
  } catch (error) {
    throw notUnderstood(nr, 'it is not JSON', error);
  }
}

function notUnderstood(nr: number, fault: string, cause?: unknown): Refused {
  return new Refused('TAG_NOT_UNDERSTOOD', `omero.jsonl${nr > 0 ? `, line ${nr}` : ''}: ${fault}.`, {}, { cause });
}
