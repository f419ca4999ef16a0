import { Refused, codeOf, type CopyRead, type Identity } from '@coldroom/domain';
import { closeSync, constants, lstatSync, openSync, read, readSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';
import { freshOf } from './fresh';
import { sameContent, typeOf } from './identity';
import { dropCache } from './native';
import { alignment, chunkBytes, pageBuffers } from './pages';
import { displayPath } from './path';
import { notRegular } from './failures';
import type { Tree } from './tree';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECT } = constants;
const readAhead = promisify(read);

/** File systems that are a cache: tmpfs, ramfs, and ZFS, whose ARC also serves O_DIRECT reads. (statfs(2), zfs.h) */
const cacheOnly = new Set([0x01021994, 0x858458f6, 0x2fc12fc1]);

export interface OpenFile {
  readonly fd: number;
  readonly path: Buffer;
  readonly identity: Identity;
  /** Allocated on disk, in units of 512 bytes. */
  readonly blocks: bigint;
  readonly read: CopyRead;
}

/**
 * `direct` and `dropped` prove what is on the disk; `cached` is the fast way. The system may grant less: see
 * `OpenFile.read`.
 */
export type Way = 'direct' | 'cached';

/**
 * Opens a regular file for reading without following links, and never anything else: opening a FIFO would wake its
 * writer, and a device may act on it. With `expect`, `Refused` `SOURCE_CHANGED` if it is another file by now.
 */
export function openFile(tree: Tree, path: Buffer, way: Way, expect?: Identity): OpenFile {
  const { at } = tree.locate(path);
  const { dev, mode } = lstatSync(at);
  const type = typeOf(mode);
  if (type !== 'file')
    throw notRegular(
      displayPath(path),
      { link: 'a symbolic link', directory: 'a directory', other: 'a device, FIFO or socket' }[type],
    );
  const opened = openAround(at, way, dev);
  try {
    const { identity, blocks } = freshOf(opened.fd);
    if (typeOf(identity.mode) !== 'file') throw notRegular(displayPath(path), 'something else by now');
    if (expect && !sameContent(identity, expect)) throw changed(path, 'it is no longer the file that was asked for');
    return { ...opened, path, identity, blocks };
  } catch (error) {
    closeSync(opened.fd);
    throw error;
  }
}

/** Opens a file to read past the page cache, where that can be had; `read` says what was granted. */
export function openAround(at: Buffer, way: Way, dev: number): { readonly fd: number; readonly read: CopyRead } {
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  if (way === 'cached') return { fd: openSync(at, flags), read: 'cached' };
  const plain = openSync(at, flags);
  try {
    if (cacheOnly.has(statfsSync(`/proc/self/fd/${plain}`).type)) return { fd: plain, read: 'cached' };
    // Also before O_DIRECT: where a file system silently falls back to buffered reads (compressed or journaled data),
    // they still come from the disk.
    const dropped = dropCache(plain);
    const fd = refusingDevices.has(dev) ? null : openDirect(at, flags, dev);
    if (fd === null) return { fd: plain, read: dropped ? 'dropped' : 'cached' };
    closeSync(plain);
    return { fd, read: 'direct' };
  } catch (error) {
    closeSync(plain);
    throw error;
  }
}

/** Devices on which a read with our alignment has worked. */
const directDevices = new Set<number>();
/** Devices on which one failed later: unionfs-fuse passes reads on from buffers that are aligned by chance. */
const refusingDevices = new Set<number>();

/**
 * Whether a file could not be read past the page cache although it could be opened for it. From now on, files on its
 * device are opened in another way, so reading it once more is of use.
 */
export function noteRefusal(error: unknown, { read: way, identity }: Pick<OpenFile, 'read' | 'identity'>): boolean {
  if (way !== 'direct' || codeOf(error) !== 'EINVAL') return false;
  refusingDevices.add(Number(identity.dev));
  return true;
}

function openDirect(at: Buffer, flags: number, dev: number): number | null {
  let fd: number | undefined;
  try {
    fd = openSync(at, flags | O_DIRECT);
    if (!directDevices.has(dev)) readSync(fd, pageBuffers()[0], 0, alignment, 0);
    directDevices.add(dev);
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    if (codeOf(error) === 'EINVAL') return null; // no O_DIRECT here, or it requires a coarser alignment than ours
    throw error;
  }
}

export function changed(path: Buffer, how: string): Refused {
  const shown = displayPath(path);
  return new Refused('SOURCE_CHANGED', `"${shown}" changed: ${how}.`, { path: shown });
}

/**
 * Passes the whole content to `take`, piece by piece and in order; the next piece is read meanwhile. A piece is valid
 * until `take` returns. `Refused` `SOURCE_CHANGED` if the file was changed meanwhile.
 */
export async function readThrough(file: OpenFile, take: (piece: Uint8Array, position: number) => void): Promise<void> {
  const size = Number(file.identity.size);
  if (!Number.isSafeInteger(size))
    throw new RangeError(`a file of ${file.identity.size} bytes is beyond what can be counted exactly`);
  const small = size <= chunkBytes;
  let turn = 0;
  let position = 0;
  let coming = small ? undefined : start(0);

  function start(from: number): {
    readonly aligned: number;
    readonly buffer: Uint8Array;
    readonly count: Promise<number>;
  } {
    const buffer = pageBuffers()[turn++ & 1]!;
    const aligned = from - (from % alignment); // a short read may end anywhere; O_DIRECT requires aligned positions
    return {
      aligned,
      buffer,
      count: readAhead(file.fd, buffer, 0, chunkBytes, aligned).then(({ bytesRead }) => bytesRead),
    };
  }

  while (position < size) {
    const buffer = coming?.buffer ?? pageBuffers()[0];
    const aligned = coming?.aligned ?? position - (position % alignment);
    const end = aligned + (coming ? await coming.count : readSync(file.fd, buffer, 0, wanted(size - aligned), aligned));
    if (end <= position) throw changed(file.path, `it ended at ${position} of ${size} bytes`);
    coming = coming && end < size ? start(end) : undefined;
    const piece = buffer.subarray(position - aligned, end - aligned);
    try {
      take(piece, position);
    } catch (error) {
      await coming?.count.catch(() => undefined); // the buffer must be unused before the next file; `error` says more
      throw error;
    }
    position = end;
  }
  if (position !== size) throw changed(file.path, `it grew from ${size} bytes`);
  checkUnchanged(file);
}

/** O_DIRECT requires whole blocks; the system truncates a read beyond the end. */
function wanted(bytes: number): number {
  return Math.min(chunkBytes, Math.ceil(bytes / alignment) * alignment);
}

export function checkUnchanged(file: OpenFile): void {
  if (!sameContent(freshOf(file.fd).identity, file.identity))
    throw changed(file.path, 'it was written to or touched while it was read');
}
