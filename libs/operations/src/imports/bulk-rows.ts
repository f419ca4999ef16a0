import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { parse, type Options } from 'csv-parse';
import type { ImportPair } from '@coldroom/register';
import { codeOf, messageOf, transferModes, type TransferMode } from '@coldroom/domain';
import { columnOf, invalid, keyOf, rowColumns, type RowColumn, type RowFile } from './bulk-file';
import { splitWords } from './split-words';

/** One import of a bulk file. Cells are text, whatever a spreadsheet would make of them. */
export interface BulkRow {
  /** The line of the file in which the row ends, from 1. */
  readonly line: number;
  /** Absolute. */
  readonly path: string;
  readonly target: string;
  readonly transfer: TransferMode | undefined;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly annotations: readonly ImportPair[];
}

/** A row that cannot be ordered. */
export interface BulkFault {
  readonly line: number;
  readonly fault: string;
}

interface Cells {
  readonly line: number;
  readonly cells: readonly string[];
}

const longestRow = 1_000_000;

/** Every row of the file, in its order, with bounded memory. Throws `Refused` if the file as a whole cannot be used. */
export async function* readRows(file: RowFile): AsyncGenerator<BulkRow | BulkFault> {
  let columns: readonly RowColumn[] | undefined = file.form === 'header' ? undefined : file.columns;
  for await (const { line, cells } of await cellsOf(file)) {
    if (columns === undefined) columns = headerOf(file, cells);
    else yield rowOf(file, columns, line, cells);
  }
  if (columns === undefined) throw invalid(file.path, 'it is empty');
}

async function cellsOf(file: RowFile): Promise<AsyncGenerator<Cells>> {
  switch (file.form) {
    case 'lines':
      return linesOf(file, (line) => [line]);
    case 'words':
      return linesOf(file, splitWords);
    case 'csv':
      return tableOf(file, ',');
    case 'tsv':
      return tableOf(file, '\t');
    case 'header':
      return tableOf(file, await delimiterOf(file));
  }
}

async function* tableOf(file: RowFile, delimiter: string): AsyncGenerator<Cells> {
  const options = {
    delimiter,
    info: true,
    // As Python reads it, which OMERO's own command uses: a quote inside a field is a quote.
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRow,
  } satisfies Options;
  // The reader of the rows reports an error of either.
  const parser = pipeline(Readable.from(textOf(file)), parse(options), () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { line: info.lines, cells: record };
  } catch (error) {
    throw invalid(file.path, messageOf(error));
  }
}

async function* linesOf(file: RowFile, split: (line: string) => readonly string[]): AsyncGenerator<Cells> {
  let number = 0;
  try {
    for await (const line of separated(textOf(file))) {
      number += 1;
      if (line.trim() !== '') yield { line: number, cells: split(line.trim()) };
    }
  } catch (error) {
    throw invalid(file.path, `after line ${number}: ${messageOf(error)}`);
  }
}

async function* separated(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > longestRow) throw new Error('the next line is too long');
  }
  yield rest;
}

/** The text of the file without its byte order mark; fails on bytes that are not UTF-8. */
async function* textOf({ path }: RowFile): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) yield decoder.decode(chunk as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (codeOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new Error('it is not in UTF-8: save it as CSV UTF-8', { cause: error });
  }
}

/** A spreadsheet separates fields by what its language uses; the first line shows it. */
async function delimiterOf({ path }: RowFile): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const [header = ''] = buffer.subarray(0, bytesRead).toString('utf8').split(/\r?\n/);
    return [',', ';', '\t'].find((each) => header.includes(each)) ?? ',';
  } finally {
    await handle.close();
  }
}

function headerOf(file: RowFile, cells: readonly string[]): readonly RowColumn[] {
  const columns = cells.map(columnOf);
  const unknown = cells.filter((_, at) => columns[at] === undefined);
  if (unknown.length > 0)
    throw invalid(
      file.path,
      `its first line must name columns, and "${unknown[0]}" is none of ${rowColumns.join(', ')}, annotate:KEY`,
    );
  for (const needed of ['path', 'target'] as const)
    if (columns.filter((each) => each === needed).length !== 1)
      throw invalid(file.path, `its first line must name the column "${needed}" once`);
  return columns as readonly RowColumn[];
}

function rowOf(
  file: RowFile,
  columns: readonly RowColumn[],
  line: number,
  cells: readonly string[],
): BulkRow | BulkFault {
  const named = columns.length === 0 ? (['path'] as const) : columns;
  if (cells.length !== named.length) return { line, fault: `it has ${cells.length} fields, not ${named.length}` };
  const value = (column: RowColumn): string | undefined => cells[named.indexOf(column as never)] || file.rest[column];
  const [path, target, mode] = [value('path'), value('target'), value('transfer')];
  if (!path) return { line, fault: 'it has no path' };
  if (!target) return { line, fault: 'it has no target' };
  const transfer = transferModes.find((each) => each === mode);
  if (mode && !transfer) return { line, fault: `there is no transfer "${mode}", only ${transferModes.join(', ')}` };
  const absolute = resolve(file.directory, path);
  const keys = new Set(
    [...named, ...(Object.keys(file.rest) as RowColumn[])].filter((each) => keyOf(each) !== undefined),
  );
  const annotations = [...keys].flatMap((column): ImportPair[] => {
    const text = value(column)?.trim();
    return text ? [[keyOf(column)!, text]] : [];
  });
  return {
    line,
    path: absolute,
    target,
    transfer,
    name: value('name'),
    description: value('description'),
    annotations,
  };
}
