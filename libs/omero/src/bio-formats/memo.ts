import { constants } from 'node:fs';
import { lstat, open, opendir } from 'node:fs/promises';
import { isVersion } from './versions';

/** Bytes that hold the version, whatever follows. */
const headLength = 64;
/** How memo files of Bio-Formats 6 and 7 begin: the number of the layout, and a marker that a string follows. */
const layout = Buffer.of(0x08, 0x01);
const statsAtOnce = 64;
const depthLimit = 64;

/** Why the newest memo file is not known. */
export class MemoNotFound extends Error {}

export interface Memo {
  readonly path: Buffer;
  readonly mtimeMs: number;
}

export interface WalkLimits {
  readonly entries: number;
  readonly ms: number;
}

/**
 * The version in the first bytes of a memo file; undefined if the layout is unknown. The text is ASCII, and its last
 * character has the high bit set.
 */
export function versionInMemo(head: Buffer): string | undefined {
  if (!head.subarray(0, layout.length).equals(layout)) return undefined;
  const text = head.subarray(layout.length);
  const last = text.findIndex((byte) => byte >= 0x80);
  if (last === -1) return undefined;
  const version = Buffer.from(text.subarray(0, last + 1));
  version[last]! &= 0x7f;
  const shown = version.toString('latin1');
  return isVersion(shown) ? shown : undefined;
}

/**
 * The memo file below `directory` that was written last. Links are not followed. Throws `MemoNotFound` if there is
 * none, and if part of the tree cannot be read or a limit is reached: the newest file could be in the part that was not
 * searched.
 */
export async function newestMemo(directory: Buffer, limits: WalkLimits): Promise<Memo> {
  let newest: Memo | undefined;
  const endsAt = performance.now() + limits.ms;
  for await (const paths of memosBelow(directory, limits.entries)) {
    for (const memo of await Promise.all(paths.map(written)))
      if (memo && (!newest || memo.mtimeMs > newest.mtimeMs)) newest = memo;
    if (performance.now() > endsAt)
      throw new MemoNotFound(`there are too many files to look at in ${limits.ms / 1000} s`);
  }
  if (!newest) throw new MemoNotFound('there is no memo file');
  return newest;
}

/** The first bytes of a memo file. */
export async function readHead(path: Buffer): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The paths of memo files, a few at a time, and an empty list from time to time: never all names at once. */
async function* memosBelow(top: Buffer, entryLimit: number): AsyncGenerator<readonly Buffer[]> {
  let [seen, found]: [number, Buffer[]] = [0, []];
  async function* walk(directory: Buffer, depth: number): AsyncGenerator<readonly Buffer[]> {
    if (depth > depthLimit) throw new MemoNotFound(`its directories are nested more than ${depthLimit} deep`);
    for await (const entry of await opened(directory)) {
      if (++seen > entryLimit) throw new MemoNotFound(`it has more than ${entryLimit} entries`);
      const path = Buffer.concat([directory, Buffer.from('/'), entry.name]);
      if (entry.isFile() && isMemo(entry.name)) found.push(path);
      if (found.length >= statsAtOnce || seen % 1000 === 0) {
        yield found;
        found = [];
      }
      if (entry.isDirectory()) yield* walk(path, depth + 1);
    }
  }
  yield* walk(top, 0);
  yield found;
}

async function opened(directory: Buffer): Promise<AsyncIterable<BufferEntry>> {
  try {
    return (await opendir(directory, { encoding: 'buffer' as never })) as unknown as AsyncIterable<BufferEntry>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return none(); // removed meanwhile
  }
}

/** An entry of a directory as Node.js returns it for the encoding `buffer`, which its types leave out. */
interface BufferEntry {
  readonly name: Buffer;
  isFile(): boolean;
  isDirectory(): boolean;
}

async function* none(): AsyncGenerator<BufferEntry> {}

async function written(path: Buffer): Promise<Memo | undefined> {
  try {
    return { path, mtimeMs: (await lstat(path)).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined; // removed meanwhile
  }
}

/** `.name.bfmemo`; while it is being written, its name has a suffix. */
function isMemo(name: Buffer): boolean {
  return name[0] === 0x2e && name.subarray(-7).toString('latin1') === '.bfmemo';
}
