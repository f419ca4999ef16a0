import { appendFile, copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checksums, sections } from './formats';

export const folders = ['New', 'Approved', 'Declined', 'Running', 'Error', 'Finished'] as const;
export type Folder = (typeof folders)[number];
export type Status = 'New' | 'Approved' | 'Declined' | 'Running' | 'Error' | 'Finished' | 'Ignore';

export interface Person {
  readonly id: number;
  readonly omename: string;
  readonly groupId: number;
}

export interface Job {
  readonly folder: Folder;
  readonly name: string;
  readonly owner: Person;
  readonly images: readonly number[];
  /** Absolute paths. */
  readonly files: readonly (readonly [path: string, status: Status])[];
  readonly notes?: Readonly<Record<string, string>>;
  /** Written behind the list of files. */
  readonly strayLine?: string;
}

/** What the older tool leaves behind: its directories, in the forms and states that its programs write. */
export class OlderTool {
  /**
   * @param directory with `Job`, `Log` and the registers
   * @param archiveRoot where it puts copies, each under its whole path
   */
  constructor(
    readonly directory: string,
    readonly archiveRoot: string,
  ) {}

  async create(): Promise<void> {
    for (const folder of folders) await mkdir(join(this.directory, 'Job', folder), { recursive: true });
    await mkdir(join(this.directory, 'Log'), { recursive: true });
    await mkdir(this.archiveRoot, { recursive: true });
  }

  copyOf(path: string): string {
    return join(this.archiveRoot, path);
  }

  recordOf(path: string): string {
    return `${join(this.directory, 'Log', path)}.ark`;
  }

  async job({ folder, name, owner, images, files, notes = {}, strayLine }: Job): Promise<void> {
    const content = sections({
      Info: [
        ['user id', String(owner.id)],
        ['omename', owner.omename],
        ['group id', String(owner.groupId)],
        ['owner id', String(owner.id)],
        ['owner omename', owner.omename],
        ['email', 'None'],
        ['created', 'Mon Nov 28 15:59:57 2016'],
        ['status', folder],
        ...Object.entries(notes),
        ['total bytes', '70'],
        ['total size', '70 Bytes'],
      ],
      Images: images.map((id) => [`/P1/images/name of ${id} (${id})`, 'True']),
      Files: files,
    });
    const stray = strayLine === undefined ? '' : `${strayLine}\n`;
    await writeFile(join(this.directory, 'Job', folder, name), Buffer.concat([content, Buffer.from(stray)]));
  }

  /** The record of a file that a job names, before it is archived. */
  async list(path: string, image: number): Promise<void> {
    await this.writeRecord(path, image, undefined, []);
  }

  /** Copies the file without its attributes, as the tool does, and writes its record. */
  async copy(path: string, image: number, by: 'File' | 'Arkivum', archived: boolean): Promise<void> {
    const content = await readFile(path);
    await mkdir(dirname(this.copyOf(path)), { recursive: true });
    await copyFile(path, this.copyOf(path));
    const { md5, sha256, adler32 } = checksums(content);
    const { mtimeMs } = await stat(this.copyOf(path));
    await this.writeRecord(path, image, by, [
      ['md5', md5],
      ...(by === 'File' ? ([['sha256', sha256]] as const) : []),
      ['adler32', adler32],
      ['size', String(content.length)],
      ['path', this.copyOf(path)],
      ['copied', 'Tue Nov 29 04:10:00 2016'],
      ['timestamp', String(mtimeMs / 1000)],
      ...(archived ? ([['archived', 'Tue Nov 29 04:10:00 2016']] as const) : []),
    ]);
  }

  /** Copy, removal of the original, and a link in its place. */
  async archive(path: string, image: number, by: 'File' | 'Arkivum' = 'File'): Promise<void> {
    await this.copy(path, image, by, true);
    await rm(path);
    await symlink(this.copyOf(path), path);
  }

  /** Adds lines to a register. */
  async register(name: 'to_archive_register' | 'archived_register', paths: readonly string[]): Promise<void> {
    await appendFile(join(this.directory, name), paths.map((path) => `${path}\n`).join(''));
  }

  async pidFile(pid: number): Promise<void> {
    await writeFile(join(this.directory, 'Job', 'archive_to_file.py.pid'), `${pid}\n`);
  }

  private async writeRecord(
    path: string,
    image: number,
    by: 'File' | 'Arkivum' | undefined,
    copied: readonly (readonly [string, string])[],
  ): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    const at = this.recordOf(path);
    await mkdir(dirname(at), { recursive: true });
    const source = [
      ['image', String(image)],
      ['owner', '2'],
      ['linked by', '2 : alice'],
      ['path', path],
      ['bytes', String(found?.size ?? 0)],
      ['size', `${found?.size ?? 0} Bytes`],
      ['last modified', 'Mon Nov 28 15:50:04 2016'],
    ] as const;
    await writeFile(at, sections({ Source: source, ...(by ? { [`${by} Archiver`]: copied } : {}) }));
  }
}
