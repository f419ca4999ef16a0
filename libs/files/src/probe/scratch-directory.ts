import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rmdir, unlink } from 'node:fs/promises';
import type { Directory } from '../directory';

/** The names of the files and directories with which a directory is tried begin with this. */
export const probePrefix = '.check-';
/** A probe that runs longer than this was killed. */
const abandonedMs = 3_600_000;

/** Makes an empty directory with a name of its own below `directory`, and removes it with all that `use` left in it. */
export async function withScratch<T>(directory: Directory, use: (scratch: Buffer) => Promise<T>): Promise<T> {
  await removeAbandoned(directory);
  const scratch = directory.at(Buffer.from(`${probePrefix}${randomUUID()}`));
  await mkdir(scratch, 0o755);
  try {
    return await use(scratch);
  } finally {
    await remove(scratch);
  }
}

/** What a process left that was killed. A younger one may belong to a process that is still at work. */
async function removeAbandoned(directory: Directory): Promise<void> {
  const own = (await directory.names()).filter((name) => name.toString('latin1').startsWith(probePrefix));
  for (const path of own.map((name) => directory.at(name))) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || Date.now() - found.ctimeMs < abandonedMs) continue;
    // Another process may be faster, or the files may be another user's: that they stay does no harm.
    await (found.isDirectory() ? remove(path) : unlink(path)).catch(() => undefined);
  }
}

/** By bytes, as some names are no UTF-8. */
async function remove(path: Buffer): Promise<void> {
  await chmod(path, 0o755).catch(() => undefined); // what matters is whether it can be removed
  for (const entry of await readdir(path, { encoding: 'buffer', withFileTypes: true })) {
    const each = inside(path, entry.name);
    if (entry.isDirectory()) await remove(each);
    else await unlink(each);
  }
  await rmdir(path);
}

/** The path of a name in a scratch directory. */
export function inside(scratch: Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([scratch, Buffer.from('/'), Buffer.from(name)]);
}
