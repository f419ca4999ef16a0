import { isUtf8 } from 'node:buffer';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, Refused } from '@coldroom/domain';

/** Names are bytes on Linux. On Windows they are UTF-16, which is sent as UTF-8. */
export type LocalPath = Buffer | string;

const isWindows = process.platform === 'win32';

export const localPath = (path: string): LocalPath => (isWindows ? path : Buffer.from(path));

/** A path below a directory; `below` has slashes between names, on all systems. */
export function joined(directory: LocalPath, below: Buffer): LocalPath {
  if (typeof directory !== 'string') return Buffer.concat([directory, Buffer.from('/'), below]);
  return join(directory, ...below.toString().split('/'));
}

/** For people. */
export function shown(path: LocalPath): string {
  return typeof path === 'string' ? path : shownBytes(path);
}

export function shownBytes(path: Buffer): string {
  const text = isUtf8(path) ? path.toString() : path.toString('latin1');
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** As text that can be kept in JSON, and back. */
export const keptPath = (path: LocalPath): string =>
  typeof path === 'string' ? `text:${path}` : `bytes:${path.toString('base64')}`;

export function pathOfKept(kept: string): LocalPath {
  return kept.startsWith('text:') ? kept.slice(5) : Buffer.from(kept.slice(6), 'base64');
}

/** The names in a directory. `Refused` `NAME_NOT_ALLOWED` for one that is no Unicode, on Windows. */
export async function namesIn(directory: LocalPath): Promise<Buffer[]> {
  if (typeof directory !== 'string') return readdir(directory, { encoding: 'buffer' });
  return (await readdir(directory)).map((name) => {
    if (name.isWellFormed()) return Buffer.from(name);
    throw new Refused(
      'NAME_NOT_ALLOWED',
      `A name in ${directory} is not Unicode: rename it (${JSON.stringify(name)}).`,
    );
  });
}

export interface Look {
  readonly kind: 'file' | 'directory' | 'other';
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly inode: string;
}

/** What is at a path, or null. Links are not followed. */
export async function lookAt(path: LocalPath): Promise<Look | null> {
  try {
    const stats = await lstat(path, { bigint: true });
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
    return { kind, size: stats.size, mtimeNs: stats.mtimeNs, inode: `${stats.dev}:${stats.ino}` };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return null;
    throw error;
  }
}
