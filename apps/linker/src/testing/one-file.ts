import { RecordedCalls } from './recorded-calls';
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, onCrashPoint, type ArchiveFile } from '@coldroom/domain';
import { identify, openDirectory, openRoot, writeMarker, type Directory, type Root } from '@coldroom/files';
import type { Name } from '../restore/restore';
import type { Place } from '../paths/inspect';

const { renameSync, symlinkSync } = fs; // the unrecorded versions: what a test sets up is not recorded
const directories = ['tree', 'hold', 'recall'] as const;
type DirectoryName = (typeof directories)[number];

/**
 * One archived file on real disks, without a register: `tree/f` is its link to `store/copy`, and `hold` and `recall`
 * are empty.
 */
export class OneFile {
  readonly place: Place;
  /** Lines of `calls.made` together with the steps, and `claim` for each check of the claim. */
  readonly guard = async (): Promise<void> => {
    this.claims += 1;
    if (this.claims >= this.lostAt) throw new Error('the claim is lost');
    this.calls.note('claim');
  };
  private claims = 0;
  private lostAt = Infinity;

  private constructor(
    readonly top: string,
    private readonly roots: Readonly<Record<DirectoryName, Root>>,
    private readonly opened: Readonly<Record<DirectoryName, Directory>>,
    readonly calls: RecordedCalls,
  ) {
    this.place = {
      directory: opened.tree,
      name: Buffer.from('f'),
      hold: opened.hold,
      heldName: Buffer.from('1'),
      target: Buffer.from(join(top, 'store/copy')),
    };
  }

  static async create(): Promise<OneFile> {
    const top = mkdtempSync(join(tmpdir(), 'coldroom-file-'));
    const roots: Partial<Record<DirectoryName, Root>> = {};
    const opened: Partial<Record<DirectoryName, Directory>> = {};
    for (const name of directories) {
      mkdirSync(join(top, name));
      await writeMarker(join(top, name), name);
      roots[name] = await openRoot(join(top, name), name);
      opened[name] = await openDirectory(roots[name], Buffer.alloc(0));
    }
    symlinkSync(join(top, 'store/copy'), join(top, 'tree/f'));
    const calls = await RecordedCalls.start(top);
    onCrashPoint((crashPoint) => calls.note(crashPoint));
    return new OneFile(top, roots as Record<DirectoryName, Root>, opened as Record<DirectoryName, Directory>, calls);
  }

  get recallRoot(): Root {
    return this.roots.recall;
  }

  at(path: string): string {
    return join(this.top, path);
  }

  name(directory: DirectoryName, name: string): Name {
    return { directory: this.opened[directory], name: Buffer.from(name) };
  }

  /** Puts a file in place of whatever is there, as another process may. */
  put(path: string, content: string): void {
    writeFileSync(this.at('new'), content);
    renameSync(this.at('new'), this.at(path));
  }

  /** The same with a link. */
  putLink(path: string, target: string): void {
    symlinkSync(target, this.at('new'));
    renameSync(this.at('new'), this.at(path));
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true });
  }

  /** The file, with what was fetched for it under this path, and its original where one is held. */
  async file(fetchedAt: string | null, facts: Partial<ArchiveFile> = {}): Promise<ArchiveFile> {
    const fetched = fetchedAt === null ? null : await identify(this.at(fetchedAt));
    return {
      id: 1n,
      root: 'ManagedRepository',
      path: Buffer.from('f'),
      state: 'fetchVerified',
      size: fetched?.size ?? 0n,
      identity: (await identify(this.at('hold/1'))) ?? { ino: 0n, size: 0n, mtimeNs: 0n },
      digests: { 'SHA-256': '0'.repeat(64) },
      retrieval: 'restore',
      linkedAt: new Date(0),
      onlineUntil: null,
      fetched,
      ...facts,
    } as ArchiveFile;
  }

  /** The n-th check of the claim from now on finds it lost. */
  loseClaimAt(inspect: number): void {
    this.lostAt = this.claims + inspect;
  }

  /** What is at a path: a file's content, `-> target` of a link, otherwise the error's code. */
  found(path: string): string {
    try {
      return fs.lstatSync(this.at(path)).isSymbolicLink()
        ? `-> ${readlinkSync(this.at(path))}`
        : readFileSync(this.at(path), 'utf8');
    } catch (error) {
      return codeOf(error);
    }
  }

  /** Ends the record, closes and removes everything; returns what the code under test left open. */
  async close(): Promise<readonly string[]> {
    onCrashPoint(undefined);
    this.calls.end();
    for (const directory of Object.values(this.opened)) await directory.close();
    const left = openBelow(this.top);
    rmSync(this.top, { recursive: true, force: true });
    return left;
  }
}

/** What this process has open below a directory. */
export function openBelow(top: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // the listing itself, closed since
      }
    })
    .filter((path) => path.startsWith(`${top}/`));
}
