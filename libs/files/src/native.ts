import koffi from 'koffi';
import { getSystemErrorMap } from 'node:util';

/**
 * System calls that Node does not offer, from the C library. Byte strings are NUL-terminated buffers.
 * Each returns 0 or a count, or throws an `Error` with the system's `code`, unless its comment says otherwise.
 */
const libc = koffi.load('libc.so.6');
const raw = {
  renameat2: libc.func('int renameat2(int, void *, int, void *, uint)'),
  futimens: libc.func('int futimens(int, void *)'),
  flistxattr: libc.func('int64 flistxattr(int, void *, size_t)'),
  fgetxattr: libc.func('int64 fgetxattr(int, void *, void *, size_t)'),
  fsetxattr: libc.func('int fsetxattr(int, void *, void *, size_t, int)'),
  posixFadvise: libc.func('int posix_fadvise(int, int64, int64, int)'),
  statx: libc.func('int statx(int, void *, int, uint, void *)'),
  syncFileRange: libc.func('int sync_file_range(int, int64, int64, uint)'),
};

const currentDirectory = -100; // AT_FDCWD: all our paths are absolute
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const modeOnly = 0x3; // STATX_TYPE | STATX_MODE
const ofDescriptor = 0x1000; // AT_EMPTY_PATH
const notFromCache = 0x2000; // AT_STATX_FORCE_SYNC
const basicStats = 0x7ff; // STATX_BASIC_STATS
const dontNeed = 4; // POSIX_FADV_DONTNEED
const writeRange = 2; // SYNC_FILE_RANGE_WRITE
const listLimit = 65_536; // XATTR_LIST_MAX and XATTR_SIZE_MAX

/** STATX_ATTR_IMMUTABLE and STATX_ATTR_APPEND. */
export const fileFlags = { immutable: 0x10n, appendOnly: 0x20n } as const;

export const renameFlags = { noReplace: 1, exchange: 2 } as const;

function systemError(call: string): NodeJS.ErrnoException {
  const errno = -koffi.errno();
  const unnamed = `Unknown system error ${errno}`; // as Node.js has it; see codeOf
  const [code, text] = getSystemErrorMap().get(errno) ?? [unnamed, unnamed];
  return Object.assign(new Error(`${code}: ${text}, ${call}`), { code, errno, syscall: call });
}

function checked(call: string, result: number | bigint): number {
  if (Number(result) < 0) throw systemError(call);
  return Number(result);
}

const terminated = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.of(0)]);

/** koffi refuses more than 256 calls at a time; the system has fewer threads for them than this. */
const mostAtOnce = 64;
const turns: (() => void)[] = [];
let running = 0;

async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  if (running < mostAtOnce) running += 1;
  else await new Promise<void>((resolve) => turns.push(resolve)); // takes over the turn of the call that ended
  try {
    return await call();
  } finally {
    const next = turns.shift();
    if (next) next();
    else running -= 1;
  }
}

/** renameat2(2) off the event loop. */
export function rename(from: Buffer, to: Buffer, flags: number): Promise<void> {
  return inTurn(() => renameNow(from, to, flags));
}

function renameNow(from: Buffer, to: Buffer, flags: number): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.renameat2.async(
      currentDirectory,
      terminated(from),
      currentDirectory,
      terminated(to),
      flags,
      (error: Error | null, result: number) => {
        if (error) reject(error);
        else if (result !== 0) reject(systemError('renameat2'));
        else resolve();
      },
    );
  });
}

/** renameat2(2), for worker threads. */
export function renameSync(from: Buffer, to: Buffer, flags: number): void {
  checked('renameat2', raw.renameat2(currentDirectory, terminated(from), currentDirectory, terminated(to), flags));
}

/**
 * Sets atime and mtime to the nanosecond. Always both: file systems made with libfuse 2 (bindfs, EncFS, unionfs and
 * others) ignore a call that leaves one of them out, and report no error.
 */
export function setTimes(fd: number, atimeNs: bigint, mtimeNs: bigint): void {
  const times = Buffer.alloc(32);
  writeTime(times, 0, atimeNs);
  writeTime(times, 16, mtimeNs);
  checked('futimens', raw.futimens(fd, times));
}

function writeTime(times: Buffer, at: number, ns: bigint): void {
  const second = 1_000_000_000n;
  const nanoseconds = ((ns % second) + second) % second; // before 1970 the remainder is negative
  times.writeBigInt64LE((ns - nanoseconds) / second, at);
  times.writeBigInt64LE(nanoseconds, at + 8);
}

let attributeBuffer: Buffer | undefined;

/** Names of the extended attributes that this process can see. */
export function listAttributes(fd: number): Buffer[] {
  attributeBuffer ??= Buffer.alloc(listLimit);
  const length = checked('flistxattr', raw.flistxattr(fd, attributeBuffer, listLimit));
  const names: Buffer[] = [];
  for (let start = 0; start < length;) {
    const end = attributeBuffer.indexOf(0, start);
    names.push(Buffer.from(attributeBuffer.subarray(start, end)));
    start = end + 1;
  }
  return names;
}

export function readAttribute(fd: number, name: Buffer): Buffer {
  attributeBuffer ??= Buffer.alloc(listLimit);
  const length = checked('fgetxattr', raw.fgetxattr(fd, terminated(name), attributeBuffer, listLimit));
  return Buffer.from(attributeBuffer.subarray(0, length));
}

export function writeAttribute(fd: number, name: Buffer, value: Buffer): void {
  checked('fsetxattr', raw.fsetxattr(fd, terminated(name), value, value.length, 0));
}

let statusBuffer: Buffer | undefined;

/**
 * Mode and attributes (see `fileFlags`) of the file of this name, by statx(2); undefined where the system does not
 * report them.
 */
export function statusOf(path: Buffer): { readonly mode: number; readonly attributes: bigint } | undefined {
  statusBuffer ??= Buffer.alloc(256); // struct statx
  if (raw.statx(currentDirectory, terminated(path), noFollow, modeOnly, statusBuffer) !== 0) return undefined;
  return { mode: statusBuffer.readUInt16LE(28), attributes: statusBuffer.readBigUInt64LE(8) };
}

/**
 * struct statx of the file of this name, links not followed, or of a descriptor. The file system itself answers, not the
 * system's attribute cache: FUSE file systems show the old attributes for a second after our own hard link, and those of
 * NFS and SMB do not show what other hosts have changed. Local file systems answer as ever.
 */
export function freshStatusSync(of: Buffer | number): Buffer {
  const status = Buffer.alloc(256);
  const [at, name, flags] = statusCall(of);
  checked('statx', raw.statx(at, name, flags, basicStats, status));
  return status;
}

/** The same off the event loop. */
export function freshStatus(of: Buffer | number): Promise<Buffer> {
  return inTurn(() => freshStatusNow(of));
}

function freshStatusNow(of: Buffer | number): Promise<Buffer> {
  const status = Buffer.alloc(256);
  const [at, name, flags] = statusCall(of);
  return new Promise((resolve, reject) => {
    raw.statx.async(at, name, flags, basicStats, status, (error: Error | null, result: number) => {
      if (error) reject(error);
      else if (result !== 0) reject(systemError('statx'));
      else resolve(status);
    });
  });
}

function statusCall(of: Buffer | number): readonly [number, Buffer, number] {
  return typeof of === 'number'
    ? [of, Buffer.of(0), notFromCache | ofDescriptor]
    : [currentDirectory, terminated(of), notFromCache | noFollow];
}

/** Asks the page cache to drop the clean pages of a file; false where the file system cannot. */
export function dropCache(fd: number): boolean {
  return raw.posixFadvise(fd, 0n, 0n, dontNeed) === 0;
}

/** Starts writing a range to the disk, so that the later fsync is short. Only a hint: its failure means nothing. */
export function startWriteback(fd: number, offset: number, length: number): void {
  raw.syncFileRange(fd, offset, length, writeRange);
}

/** The address of a buffer in memory. */
export function addressOf(memory: Uint8Array): bigint {
  return koffi.address(memory);
}
