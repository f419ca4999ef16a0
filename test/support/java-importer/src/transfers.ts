import {
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { checksum, type ChecksumAlgorithm } from '@coldroom/sample-omero';

/** Each way of transfer, and OMERO's class for it, which an in-place import leaves in a comment on the fileset. */
export const transferClasses = {
  upload: 'UploadFileTransfer',
  upload_rm: 'UploadRmFileTransfer',
  ln: 'HardlinkFileTransfer',
  ln_rm: 'MoveFileTransfer',
  ln_s: 'SymlinkFileTransfer',
  cp: 'CopyFileTransfer',
  cp_rm: 'CopyMoveFileTransfer',
} as const;
export type Transfer = keyof typeof transferClasses;

export const removesSources = (transfer: Transfer): boolean => transfer.endsWith('_rm');

interface Transferred {
  readonly size: number;
  /** As in `originalfile.hash`. */
  readonly hash: string;
}

/** Puts a file where the server has its row. Throws where something is there already, or the transfer is not possible. */
export async function transferFile(
  transfer: Transfer,
  source: string,
  target: string,
  algorithm: ChecksumAlgorithm,
): Promise<Transferred> {
  switch (transfer) {
    case 'upload':
    case 'upload_rm':
      return upload(source, target, algorithm);
    case 'ln':
    case 'ln_rm':
      checkLocation(target);
      linkSync(source, target);
      break;
    case 'ln_s':
      checkLocation(target);
      symlinkSync(source, target);
      break;
    case 'cp':
    case 'cp_rm':
      checkLocation(target);
      copyFileSync(source, target);
      break;
  }
  return hashed(source, algorithm);
}

/** The server writes a text, which the client reads at the same path and deletes. */
function checkLocation(target: string): void {
  if (existsSync(target)) throw new Error(`${target} exists!`);
  const text = randomUUID();
  writeFileSync(target, text);
  try {
    if (readFileSync(target, 'utf8') !== text) throw new Error(`Check text not found in ${target}`);
  } finally {
    rmSync(target);
  }
}

async function upload(source: string, target: string, algorithm: ChecksumAlgorithm): Promise<Transferred> {
  const sum = checksum(algorithm);
  const file = await open(target, 'wx', 0o644);
  let size = 0;
  try {
    for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
      sum.update(chunk);
      await file.writeFile(chunk);
      size += chunk.length;
    }
  } finally {
    await file.close();
  }
  return { size, hash: sum.hex() };
}

/** Size and checksum of a file. */
export async function hashed(source: string, algorithm: ChecksumAlgorithm): Promise<Transferred> {
  const sum = checksum(algorithm);
  let size = 0;
  for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
    sum.update(chunk);
    size += chunk.length;
  }
  return { size, hash: sum.hex() };
}

/** After the imports: removes the sources, whatever became of them. Returns those that stay. */
export function removeSources(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    try {
      unlinkSync(path);
      return false;
    } catch {
      return true;
    }
  });
}
