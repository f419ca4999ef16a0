import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Refused } from '@coldroom/domain';
import { joined, lookAt, shown, type LocalPath } from '../local-path';
import { filesOf } from './walk';

/** A file as it was hashed. */
export interface SentFile {
  readonly number: number;
  /** Below the set. */
  readonly path: Buffer;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly sha256: string;
}

export interface ManifestSum {
  readonly files: number;
  readonly bytes: bigint;
  /** SHA-256 over path, size and content of all files: the server computes the same over what OMERO has. */
  readonly digest: string;
}

/** Called between pieces of a file that is read: it waits while the microscope must not be disturbed. */
export type Pause = () => Promise<void>;

/**
 * Reads all files of a set and writes what they are to `file`, one line each: a set may have very many. `Refused` `SET_EMPTY`,
 * `SET_FILE_EMPTY`, `SET_CHANGED`, and as `filesOf`.
 */
export async function writeManifest(set: LocalPath, file: string, pause: Pause): Promise<ManifestSum> {
  const digest = createHash('sha256');
  let [number, bytes] = [0, 0n];
  const out = await open(file, 'w', 0o600);
  try {
    for await (const { path, look } of filesOf(set)) {
      const at = joined(set, path);
      if (look.size === 0n)
        throw new Refused('SET_FILE_EMPTY', `${shown(at)} is empty: OMERO imports no set with such a file.`);
      const sha256 = await hashOf(at, pause);
      const after = await lookAt(at);
      if (after?.kind !== 'file' || after.size !== look.size || after.mtimeNs !== look.mtimeNs) throw changed(at);
      const line = [path.toString('base64'), `${look.size}`, `${look.mtimeNs}`, sha256];
      await out.write(`${JSON.stringify(line)}\n`);
      digest.update(`${sha256} ${look.size} ${path.toString('hex')}\n`);
      number += 1;
      bytes += look.size;
    }
    await out.sync();
  } finally {
    await out.close();
  }
  if (number === 0) throw new Refused('SET_EMPTY', `${shown(set)} has no files.`);
  return { files: number, bytes, digest: digest.digest('hex') };
}

export async function* readManifest(file: string): AsyncGenerator<SentFile> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const [path, size, mtimeNs, sha256] = JSON.parse(line) as [string, string, string, string];
    yield { number, path: Buffer.from(path, 'base64'), size: BigInt(size), mtimeNs: BigInt(mtimeNs), sha256 };
    number += 1;
  }
}

export async function hashOf(path: LocalPath, pause: Pause): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    await pause();
    digest.update(piece as Buffer);
  }
  return digest.digest('hex');
}

/** `Refused` `SET_CHANGED` unless the file is still as it was hashed, by size and time. */
export async function checkUnchanged(set: LocalPath, { path, size, mtimeNs }: SentFile): Promise<void> {
  const at = joined(set, path);
  const now = await lookAt(at);
  if (now?.kind !== 'file' || now.size !== size || now.mtimeNs !== mtimeNs) throw changed(at);
}

export const changed = (at: LocalPath): Refused =>
  new Refused('SET_CHANGED', `${shown(at)} changed while its set was sent. The set is sent again from the start.`);
