import { messageOf, Refused } from '@coldroom/domain';
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { parse } from 'yaml';

export const rowColumns = ['path', 'target', 'name', 'description', 'transfer'] as const;
/** `annotate:KEY` is a value of the key-value pairs that the images get. */
export type RowColumn = (typeof rowColumns)[number] | `${typeof annotatePrefix}${string}`;
const annotatePrefix = 'annotate:';

/** The column of this name, in any spelling but for the key of a pair. */
export function columnOf(text: string): RowColumn | undefined {
  const name = text.trim();
  const key = keyOf(name);
  if (key !== undefined) return key === '' ? undefined : `${annotatePrefix}${key}`;
  return rowColumns.find((each) => each === name.toLowerCase());
}

/** The key of a column with values of a pair. */
export function keyOf(column: string): string | undefined {
  const isPair = column.slice(0, annotatePrefix.length).toLowerCase() === annotatePrefix;
  return isPair ? column.slice(annotatePrefix.length).trim() : undefined;
}

/** A file with one import in each line, and how to read it. */
export interface RowFile {
  readonly path: string;
  /** Relative paths in it are relative to this directory. */
  readonly directory: string;
  /** `lines`: each line is a path; `words`: as a shell splits them; `header`: the first line of the CSV names its columns. */
  readonly form: 'lines' | 'words' | 'csv' | 'tsv' | 'header';
  readonly columns: readonly RowColumn[];
  /** What holds for all rows that say nothing else. */
  readonly rest: Readonly<Partial<Record<RowColumn, string>>>;
}

/** Keys of OMERO's bulk files that concern the output of its command, and nothing here. */
const withoutEffect = new Set(['continue', 'output', 'logprefix', 'file', 'errs', 'debug']);
const isColumn = (name: unknown): name is RowColumn => typeof name === 'string' && columnOf(name) === name;
const mostIncludes = 10;

/** A CSV whose first line names the columns `path`, `target` and, if wanted, `name`, `description`, `transfer`, `annotate:KEY`. */
export function csvFile(path: string): RowFile {
  const absolute = resolve(path);
  return { path: absolute, directory: dirname(absolute), form: 'header', columns: [], rest: {} };
}

/**
 * Reads a bulk file as `omero import --bulk` does: a file of keys, which may include another one, and the name of a file
 * with the rows. A key that would change how OMERO imports is refused, as the settings of the importer decide that.
 */
export async function bulkFile(path: string): Promise<RowFile> {
  const start = resolve(path);
  let keys: Record<string, unknown> = {};
  let next: string | undefined = start;
  for (let depth = 0; next !== undefined; depth += 1) {
    if (depth === mostIncludes) throw invalid(path, 'more than 10 files include each other');
    const read: Record<string, unknown> = await readKeys(next);
    const included: unknown = read['include'];
    keys = { ...read, ...keys };
    next =
      included === undefined || included === null ? undefined : resolve(dirname(next), text(path, 'include', included));
  }
  delete keys['include'];
  const { path: rows, columns, ...others } = keys;
  if (rows === undefined) throw invalid(path, 'it has no "path", which names the file with the rows');
  const [file, directory] = [resolve(dirname(start), text(path, 'path', rows)), dirname(start)];
  const named = columnsOf(path, columns);
  return { path: file, directory, form: formOf(file, named), columns: named, rest: restOf(path, others) };
}

function formOf(file: string, columns: readonly RowColumn[]): RowFile['form'] {
  if (columns.length === 0) return 'lines';
  if (extname(file) === '.csv') return 'csv';
  return extname(file) === '.tsv' ? 'tsv' : 'words';
}

async function readKeys(path: string): Promise<Record<string, unknown>> {
  let read: unknown;
  try {
    read = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Refused('IMPORT_BULK_INVALID', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  throw invalid(path, 'it must be a list of keys and values');
}

function columnsOf(path: string, columns: unknown): readonly RowColumn[] {
  if (columns === undefined || columns === null) return [];
  if (!Array.isArray(columns) || !columns.every(isColumn))
    throw invalid(path, `its columns must be some of ${rowColumns.join(', ')}, ${annotatePrefix}KEY`);
  if (new Set(columns).size < columns.length) throw invalid(path, 'it names a column twice');
  if (!columns.includes('path')) throw invalid(path, 'it has columns, and none of them is "path"');
  return columns;
}

function restOf(path: string, keys: Readonly<Record<string, unknown>>): RowFile['rest'] {
  const rest: Partial<Record<RowColumn, string>> = {};
  for (const [key, value] of Object.entries(keys)) {
    if (isColumn(key)) rest[key] = text(path, key, value);
    else if (!withoutEffect.has(key))
      throw invalid(path, `the key "${key}" is not possible here: the settings of the importer decide it`);
  }
  return rest;
}

function text(path: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalid(path, `the value of "${key}" must be text`);
}

export const invalid = (path: string, why: string): Refused =>
  new Refused('IMPORT_BULK_INVALID', `${path} cannot be used: ${why}.`);
