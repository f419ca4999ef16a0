import { isWithin, ownerOf, touches, type BufferSettings } from '@coldroom/buffers';
import { codeOf } from '@coldroom/domain';
import { displayPath, markerName, openDirectory, type Files, type Root } from '@coldroom/files';

/** A file or directory directly in the directory of a person, or in a shared one. */
export interface SetInBuffer {
  /** Absolute. */
  readonly path: Buffer;
  readonly display: string;
  readonly person: string | null;
  readonly files: number;
  readonly bytes: bigint;
  /** When a file in it was changed last. */
  readonly changedAt: Date;
}

/** What is in a buffer, set by set. Sets without files, and directories that cannot be looked into, are left out. */
export async function* setsIn(buffer: BufferSettings, root: Root, files: Files): AsyncGenerator<SetInBuffer> {
  const depth = buffer.access.split('/').length;
  yield* below(buffer, root, files, Buffer.alloc(0), depth, (path) => personOf(path, buffer) !== null);
  for (const shared of buffer.shared)
    if (shared !== '.') yield* below(buffer, root, files, Buffer.from(shared), 0, () => true);
}

async function* below(
  buffer: BufferSettings,
  root: Root,
  files: Files,
  directory: Buffer,
  depth: number,
  counts: (path: Buffer) => boolean,
): AsyncGenerator<SetInBuffer> {
  for (const name of await namesIn(root, directory)) {
    const path = directory.length === 0 ? name : Buffer.concat([directory, Buffer.from('/'), name]);
    const absolute = Buffer.concat([Buffer.from(`${buffer.directory}/`), path]);
    if (name.equals(Buffer.from(markerName)) || touches(absolute, Buffer.from(buffer.locks))) continue;
    if (depth > 0) yield* below(buffer, root, files, path, depth - 1, counts);
    else if (counts(path)) {
      const set = await setAt(root, files, path);
      if (set && set.files > 0)
        yield { ...set, path: absolute, display: displayPath(absolute), person: personOf(path, buffer) };
    }
  }
}

/** A shared directory may have the form of a person's. */
function personOf(path: Buffer, buffer: BufferSettings): string | null {
  const isShared = buffer.shared.some((shared) => shared !== '.' && isWithin(path, Buffer.from(shared)));
  return isShared ? null : (ownerOf(path, buffer) ?? null);
}

async function setAt(
  root: Root,
  files: Files,
  path: Buffer,
): Promise<Pick<SetInBuffer, 'files' | 'bytes' | 'changedAt'> | undefined> {
  const [found] = await files.inspect([{ root: root.directory, path }]);
  if (found?.kind === 'file') {
    const { size, mtimeNs } = found.identity;
    return { files: 1, bytes: size, changedAt: dateOf(mtimeNs) };
  }
  if (found?.kind !== 'directory') return undefined;
  const { files: count, bytes, newest } = await files.summarize({ root: root.directory, path });
  return { files: count, bytes, changedAt: dateOf(newest) };
}

const dateOf = (ns: bigint): Date => new Date(Number(ns / 1_000_000n));

async function namesIn(root: Root, path: Buffer): Promise<readonly Buffer[]> {
  try {
    const directory = await openDirectory(root, path);
    try {
      return await directory.names();
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (['ENOENT', 'EACCES', 'PARENT_NOT_A_DIRECTORY'].includes(codeOf(error))) return [];
    throw error;
  }
}
