import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Look, Reading } from './formats/reading';
import type { Script } from './misbehaviour';
import { log } from './log';

/** A fileset to be: what a reader found, by the file that led to it. */
export type Candidate = Reading;

export interface Candidates {
  readonly found: readonly Candidate[];
  /** Files that a reader knows and cannot read. Unknown formats and missing files do not count. */
  readonly errors: number;
}

/** Looks for filesets in files, and in directories down to `depth`. */
export async function findCandidates(
  paths: readonly string[],
  { depth, look, script }: { readonly depth: number; readonly look: Look; readonly script: Script },
): Promise<Candidates> {
  const files = paths.flatMap((path) => walk(resolve(path), depth));
  const present = files.filter((path) => {
    if (!existsSync(path)) log('ERROR', `UNREADABLE_FILE: ${path}`);
    return existsSync(path);
  });
  const looked = await look(present);
  const readings = new Map<string, Reading>();
  const used = new Set<string>();
  let errors = 0;
  for (const path of present) {
    if (used.has(path)) continue;
    const what = script.take('unknown-format', path)
      ? 'unknown-format'
      : script.take('broken-file', path)
        ? { broken: 'loci.formats.FormatException: the script says so' }
        : looked.get(path);
    if (what === undefined || what === 'unknown-format') log('DEBUG', `UNKNOWN_FORMAT: ${path}`);
    else if ('broken' in what) {
      errors += 1;
      log('ERROR', `FILE_EXCEPTION: ${path}\n${what.broken}`);
    } else {
      readings.set(path, what);
      for (const file of what.files) used.add(file);
    }
  }
  return { found: withoutMembers(readings), errors };
}

/** Names that begin with a dot are left out, among the paths given as well. */
function walk(path: string, depth: number): string[] {
  if (basename(path).startsWith('.')) return [];
  if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
  if (depth === 0) return [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => walk(join(path, name), depth - 1));
}

/** A file that another's reading uses, and that needs itself at most one more, leads to no fileset of its own. */
function withoutMembers(readings: ReadonlyMap<string, Reading>): Reading[] {
  const isMember = (path: string, { files }: Reading): boolean =>
    files.length <= 2 && [...readings].some(([other, reading]) => other !== path && reading.files.includes(path));
  return [...readings].filter(([path, reading]) => !isMember(path, reading)).map(([, reading]) => reading);
}

/** The lines of `-f`: a comment before each fileset, then its files, the one that is opened first. */
export function listOf(candidates: readonly Candidate[]): string {
  return candidates
    .map(({ files, isPlate, reader }) =>
      ['#======================================', `# Group: ${files[0]} SPW: ${isPlate} Reader: ${reader}`, ...files]
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('');
}
