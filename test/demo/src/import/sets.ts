import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** What an experimenter saved at a microscope. */
export interface SavedSet {
  readonly path: string;
  /** SHA-256 by the path below the set. */
  readonly files: ReadonlyMap<string, string>;
}

/** A directory in someone's part of the buffer, with files of these names. */
export async function saveSet(
  buffer: string,
  login: string,
  name: string,
  files: readonly string[],
): Promise<SavedSet> {
  const path = join(buffer, login, name);
  const digests = new Map<string, string>();
  for (const file of files) {
    const bytes = Buffer.from(`${login} ${name} ${file}\n`.repeat(2000));
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), bytes);
    digests.set(file, sha256(bytes));
  }
  return { path, files: digests };
}

/** Files that are in the buffer, below the directory of no one in particular. */
export async function leftIn(buffer: string): Promise<readonly string[]> {
  const entries = await readdir(buffer, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== '.coldroom-root')
    .map((entry) => relative(buffer, join(entry.parentPath, entry.name)));
}

export async function digestOf(path: string): Promise<string> {
  return sha256(await readFile(path));
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
