import { constants } from 'node:fs';
import { lstat, open, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { codeOf, Refused } from '@coldroom/domain';
import { NamedPaths } from './named-paths';
import { jobFolders, readJob, type JobFolder, type JobText } from './job-text';
import { readRecord, type CopyRecord } from './record-text';

const registers = {
  toArchive: ['to_archive_register'],
  archived: ['archived_register', 'archive_register'], // the older tool's documentation calls it by the second name
} as const;
export type RegisterName = keyof typeof registers;

/** A job of more bytes would not be one that the tool wrote. */
const jobLimit = 256 * 1024 * 1024;
const recordLimit = 1024 * 1024;

export interface FoundJob {
  readonly name: string;
  /** The one that says most about it. */
  readonly folder: JobFolder;
  readonly folders: readonly JobFolder[];
  /** Undefined if the file is no job. */
  readonly text: JobText | undefined;
}

/** What the older tool keeps beside the copies: jobs, records, registers. Only reads. */
export class OlderArchive {
  constructor(readonly directory: string) {}

  /** `Refused` `NO_OLDER_ARCHIVE` where there is no directory of jobs. */
  async check(): Promise<void> {
    const found = await readdir(join(this.directory, 'Job')).catch((error: unknown) => error as Error);
    if (!(found instanceof Error) && jobFolders.some((folder) => found.includes(folder))) return;
    throw new Refused(
      'NO_OLDER_ARCHIVE',
      `There are no jobs of the older tool in ${this.directory}${found instanceof Error ? ` (${codeOf(found)})` : ''}; name its directory with --archive.`,
      { directory: this.directory },
    );
  }

  /** All jobs, the oldest first: their names begin with the time. One in several folders is given once. */
  async *jobs(): AsyncGenerator<FoundJob> {
    const names = new Set<string>();
    for (const folder of jobFolders) for (const name of await this.namesIn(folder)) names.add(name);
    for (const name of [...names].sort()) {
      const texts: { readonly folder: JobFolder; readonly text: JobText | undefined }[] = [];
      for (const folder of jobFolders) {
        const content = await readWhole(join(this.directory, 'Job', folder, name), jobLimit);
        if (content !== undefined) texts.push({ folder, text: content === 'other' ? undefined : readJob(content) });
      }
      const [first] = texts;
      if (!first) continue;
      yield { name, folder: first.folder, folders: texts.map(({ folder }) => folder), text: merged(texts) };
    }
  }

  /** What was recorded of the file that the tool knew by this absolute path. */
  async record(path: Buffer): Promise<CopyRecord | 'broken' | undefined> {
    const at = Buffer.concat([Buffer.from(`${this.directory}/Log`), path, Buffer.from('.ark')]);
    const content = await readWhole(at, recordLimit);
    return content === undefined ? undefined : content === 'other' ? 'broken' : (readRecord(content) ?? 'broken');
  }

  /** The absolute paths of which there are records, in no particular order. */
  async *recorded(): AsyncGenerator<Buffer> {
    for await (const path of filesBelow(Buffer.from(join(this.directory, 'Log')), Buffer.alloc(0)))
      if (path.subarray(-4).toString() === '.ark') yield path.subarray(0, -4);
  }

  /** The lines of a register; none if there is none. */
  async *lines(register: RegisterName): AsyncGenerator<Buffer> {
    for (const name of registers[register]) {
      const file = await open(join(this.directory, name), constants.O_RDONLY).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        return undefined;
      });
      if (!file) continue;
      const input = file.createReadStream({ encoding: 'latin1' });
      for await (const line of createInterface({ input, crlfDelay: Infinity }))
        if (line.trim() !== '') yield Buffer.from(line.trim(), 'latin1');
    }
  }

  /** The processes that the tool's PID files name. */
  async processes(): Promise<readonly { readonly file: string; readonly pid: number }[]> {
    const found: { file: string; pid: number }[] = [];
    for (const name of await readdir(join(this.directory, 'Job'))) {
      if (!name.endsWith('.pid')) continue;
      const file = join(this.directory, 'Job', name);
      const content = await readWhole(file, 100);
      found.push({ file, pid: content instanceof Buffer ? Number.parseInt(content.toString(), 10) : Number.NaN });
    }
    return found;
  }

  private async namesIn(folder: JobFolder): Promise<readonly string[]> {
    return readdir(join(this.directory, 'Job', folder)).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
      return [];
    });
  }
}

/** A job that was left in several folders: what any of them names counts, what the first says of it first. */
function merged(texts: readonly { readonly text: JobText | undefined }[]): JobText | undefined {
  const [first, ...rest] = texts.flatMap(({ text }) => text ?? []);
  if (!first || rest.length === 0) return first;
  const names = new NamedPaths();
  for (const { name } of first.files) names.add(name);
  return {
    ...first,
    imageIds: [...new Set([first, ...rest].flatMap(({ imageIds }) => imageIds))],
    files: [...first.files, ...rest.flatMap(({ files }) => files.filter(({ name }) => names.add(name)))],
  };
}

/** `other` is something else than a file, or far too large. */
async function readWhole(path: string | Buffer, limit: number): Promise<Buffer | 'other' | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile() || found.size > limit) return 'other';
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    if (codeOf(error) === 'ENAMETOOLONG') return undefined; // no record of this name can have been written
    throw error;
  }
}

/** Paths of files, each with a slash in front; links are not followed. */
async function* filesBelow(top: Buffer, inner: Buffer): AsyncGenerator<Buffer> {
  const directory = await opendir(Buffer.concat([top, inner]), {
    encoding: 'buffer' as BufferEncoding,
    bufferSize: 1024,
  }).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (!directory) return;
  const below: Buffer[] = [];
  for await (const entry of directory) {
    const path = Buffer.concat([inner, Buffer.from('/'), entry.name as unknown as Buffer]);
    if (entry.isDirectory()) below.push(path);
    else if (entry.isFile()) yield path;
  }
  for (const path of below) yield* filesBelow(top, path);
}
