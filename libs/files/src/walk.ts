import { codeOf, Refused, type Identity } from '@coldroom/domain';
import { openDirectory } from './directory';
import { readingFailed } from './failures';
import type { Files } from './files';
import type { FileType } from './identity';
import { displayPath } from './path';
import type { Root } from './roots';

/** Each level has a directory open. */
const depthLimit = 100;
const batchNames = 500;

/** Something below a directory that is not a directory itself. `path` is relative to that directory. */
export interface Entry {
  readonly path: Buffer;
  readonly kind: Exclude<FileType, 'directory'>;
  readonly identity: Identity;
}

/**
 * All that is below a directory, in batches and in no particular order; links are not followed. No list of all names is
 * held. Names that vanish meanwhile are left out. Missing: the system's `ENOENT`. `Refused` `PARENT_NOT_A_DIRECTORY`,
 * `ACCESS_DENIED`, `PATH_NOT_ALLOWED`.
 */
export async function* walk(files: Files, root: Root, directory: Buffer): AsyncGenerator<readonly Entry[]> {
  yield* below(files, root, directory, Buffer.alloc(0), 0);
}

async function* below(
  files: Files,
  root: Root,
  start: Buffer,
  inner: Buffer,
  depth: number,
): AsyncGenerator<readonly Entry[]> {
  const directory = join(start, inner);
  if (depth > depthLimit)
    throw new Refused(
      'PATH_NOT_ALLOWED',
      `"${displayPath(directory)}" is more than ${depthLimit} directories deep; move its content up.`,
    );
  for await (const names of namesIn(root, directory)) {
    const paths = names.map((name) => join(inner, name));
    const found = await files.inspect(paths.map((path) => ({ root: root.directory, path: join(start, path) })));
    const entries: Entry[] = [];
    const directories: Buffer[] = [];
    for (const [at, path] of paths.entries()) {
      const seen = found[at]!;
      if (seen.kind === 'refused') throw seen.error;
      if (seen.kind === 'directory') directories.push(path);
      else if (seen.kind !== 'missing') entries.push({ path, kind: seen.kind, identity: seen.identity });
    }
    if (entries.length > 0) yield entries;
    for (const path of directories) yield* belowIfAny(files, root, start, path, depth + 1);
  }
}

/** A directory that was just seen may be gone again. */
async function* belowIfAny(
  files: Files,
  root: Root,
  start: Buffer,
  inner: Buffer,
  depth: number,
): AsyncGenerator<readonly Entry[]> {
  try {
    yield* below(files, root, start, inner, depth);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

async function* namesIn(root: Root, path: Buffer): AsyncGenerator<readonly Buffer[]> {
  const directory = await openDirectory(root, path).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? error : readingFailed(error, path);
  });
  try {
    let batch: Buffer[] = [];
    for await (const name of directory.each()) {
      batch.push(name);
      if (batch.length < batchNames) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    await directory.close();
  }
}

function join(directory: Buffer, name: Buffer): Buffer {
  if (directory.length === 0) return name;
  return name.length === 0 ? directory : Buffer.concat([directory, Buffer.of(0x2f), name]);
}
