import { Refused } from '@coldroom/domain';
import { clientPathOf } from './client-path';
import { detailsOf, exits, failed, stopped } from './command-errors';
import { runOmero, type OmeroEnd, type OmeroSettings } from './omero-command';
import { pathLines } from './paths';

/** One fileset, as OMERO's importer groups files. */
export interface Listed {
  /** From 1 on, in the order of the list. */
  readonly number: number;
  /** Class of Bio-Formats that reads it. */
  readonly reader: string;
  /** Absolute; the one that is opened is the first. */
  readonly paths: readonly string[];
  /** As OMERO will record them. */
  readonly clientPaths: readonly string[];
}

/** Sets are listed as a whole: `omero import` itself looks into four levels of directories only. */
export const listDepth = 100;

export interface ListOrder {
  /** Absolute paths of files and directories. */
  readonly paths: readonly Buffer[];
  /** How many directories deep; `omero import --depth`. */
  readonly depth: number;
  /** Whether a file is one of the order. A name with a line break comes out as other names, which this finds. */
  readonly isKnown: (path: string) => boolean;
  readonly each: (fileset: Listed) => void | Promise<void>;
  readonly log?: string;
  readonly signal?: AbortSignal;
}

/**
 * Lists how `omero import` would group files into filesets; nothing is imported, and no session is needed. `each` gets
 * them one by one. If this throws, or a file is in none of them, the list is not to be used: the importer leaves out what it
 * cannot read, with success. `Refused` `IMPORT_NOTHING_FOUND`, `IMPORT_NAME_NOT_POSSIBLE`, `IMPORT_LIST_UNCLEAR`,
 * `OMERO_CLIENT_MISSING`; `Transient` as for any command.
 */
export async function listFilesets(settings: OmeroSettings, order: ListOrder): Promise<void> {
  const lines = new ListLines(order);
  const { clientDir } = settings;
  const end = await runOmero(settings, {
    args: ['import', `--clientdir=${clientDir}`, `--depth=${order.depth}`, '-f', '-'],
    input: pathLines(order.paths),
    read: (piece) => lines.push(piece),
    ...(order.log === undefined ? {} : { log: order.log }),
    ...(order.signal ? { signal: order.signal } : {}),
  });
  if (end.code !== 0) throw listError(end, clientDir);
  await lines.end();
}

function listError(end: OmeroEnd, clientDir: string): Error {
  if (end.killed) return stopped(end);
  if (end.code === exits.nothingFound)
    return new Refused(
      'IMPORT_NOTHING_FOUND',
      'OMERO finds no images in these files. Check their formats.',
      detailsOf(end),
    );
  if (end.code === exits.noJars)
    return new Refused(
      'OMERO_CLIENT_MISSING',
      `There are no jars of OMERO's Java client in ${clientDir}. Name the directory lib/client of OMERO.`,
      detailsOf(end),
    );
  return failed(end);
}

const heading = /^# Group: .* SPW: (?:true|false) Reader: (\S+)$/s;

class ListLines {
  private rest = Buffer.alloc(0);
  private count = 0;
  private reader = '';
  private paths: string[] = [];

  constructor(private readonly order: Pick<ListOrder, 'isKnown' | 'each'>) {}

  async push(piece: Buffer): Promise<void> {
    const bytes = Buffer.concat([this.rest, piece]);
    let from = 0;
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      await this.line(bytes.subarray(from, to).toString());
      from = to + 1;
    }
    this.rest = bytes.subarray(from);
  }

  async end(): Promise<void> {
    if (this.rest.length > 0) throw unclear('its last line is cut');
    await this.group();
    if (this.count === 0) throw unclear('it is empty');
  }

  private async line(line: string): Promise<void> {
    if (line === '' || /^#=+$/.test(line)) return;
    if (line.startsWith('#')) {
      await this.group();
      const reader = heading.exec(line)?.[1];
      if (reader === undefined) throw unclear(`this line is not known: ${JSON.stringify(line)}`);
      this.reader = reader;
    } else if (this.reader === '') throw unclear(`a file is in no fileset: ${JSON.stringify(line)}`);
    else if (!this.order.isKnown(line)) throw unclear(`it names what was not found before: ${JSON.stringify(line)}`);
    else this.paths.push(line);
  }

  private async group(): Promise<void> {
    if (this.reader === '') return;
    if (this.paths.length === 0) throw unclear('a fileset has no files');
    this.count += 1;
    const { count: number, reader, paths } = this;
    this.paths = [];
    await this.order.each({ number, reader, paths, clientPaths: paths.map(clientPathOf) });
  }
}

const unclear = (why: string): Refused =>
  new Refused(
    'IMPORT_LIST_UNCLEAR',
    `The list of OMERO's importer cannot be used: ${why}. Look for names with line breaks, or not in UTF-8, and for files that were added meanwhile.`,
  );
