import { access, constants, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';

interface Sample {
  /** A file, or the directory or file that cannot be read. */
  readonly path: string;
  /** Why it cannot be read. */
  readonly missing?: string;
}

/** How many directories are entered at each depth: OMERO makes one for each person, and in it one for each month. */
const breadth = [50, 24];
const deepest = 14;

/** One file of each person and month, as far as there are not too many. Ends at what cannot be read. */
export async function* sampleFiles(directory: string, depth = 0): AsyncGenerator<Sample> {
  const missing = await denied(directory, constants.R_OK | constants.X_OK);
  if (missing) {
    yield { path: directory, missing };
    return;
  }
  if (depth > deepest) return;
  let entered = 0;
  for await (const entry of visibleEntries(directory)) {
    const path = join(directory, entry.name);
    if (entry.directory) yield* sampleFiles(path, depth + 1);
    else yield { path, ...reason(await denied(path, constants.R_OK)) };
    entered += 1;
    if (entered >= (breadth[depth] ?? 1)) return;
  }
}

const reason = (missing: string | undefined): Partial<Sample> => (missing ? { missing } : {});

interface Entry {
  readonly name: string;
  readonly directory: boolean;
}

export async function firstEntry(directory: string): Promise<Entry | undefined> {
  for await (const entry of visibleEntries(directory)) return entry;
  return undefined;
}

/** Directories and regular files, without hidden ones. */
async function* visibleEntries(directory: string): AsyncGenerator<Entry> {
  for await (const entry of await opendir(directory))
    if (!entry.name.startsWith('.') && (entry.isDirectory() || entry.isFile()))
      yield { name: entry.name, directory: entry.isDirectory() };
}

/** The system's code if this process lacks the right. */
export async function denied(path: string, mode: number): Promise<string | undefined> {
  try {
    await access(path, mode);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
