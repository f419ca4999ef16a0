import { Refused, Transient, codeOf, crashPoint } from '@coldroom/domain';
import { closeSync, constants, fstatSync, fsync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Claim } from './claim';
import { EndOfBatch, storeFailed } from './failures';
import { dropCache } from './native';
import { typeOf } from './identity';
import { displayPath, splitPath } from './path';
import { syncDirectory } from './sync-directory';
import { joined, type Tree } from './tree';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const syncFile = promisify(fsync);
/** This many files are kept open for a common sync. */
const openLimit = 256;

export interface MadeFile {
  readonly path: Buffer;
  readonly fd: number;
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * The files that one call has made in a store, until all of them are on the disk.
 *
 * Why each file is synced by its own fsync, and not all by one syncfs: syncfs sends no sync to the server of a FUSE or
 * CIFS mount, waits for the dirty data of all processes, and names no file. As writeback was started with each write,
 * 256 small files cost the same 10 ms either way (measured on ext4).
 */
export class MadeFiles {
  private readonly made = new Map<string, MadeFile>();
  private readonly open = new Set<MadeFile>();
  private readonly directories = new Set<string>();

  constructor(
    private readonly target: Tree,
    private readonly claim: Claim,
  ) {}

  /**
   * A new file, with the directories above it. What an earlier attempt left there is replaced: the target must be an
   * open bag or a place of ours alone.
   */
  create(path: Buffer): MadeFile {
    const { at } = this.target.locateToWrite(path, () => this.claim.check());
    crashPoint('copy:1-directory-made');
    this.removeLeftover(at, path);
    this.claim.check();
    return this.add(path, openSync(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  }

  add(path: Buffer, fd: number): MadeFile {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    const file: MadeFile = { path, fd, dev, ino };
    this.made.set(`${dev}:${ino}`, file);
    this.open.add(file);
    const components = splitPath(path);
    for (let depth = 0; depth < components.length; depth++)
      this.directories.add(joined(components.slice(0, depth)).toString('latin1'));
    return file;
  }

  /** Whether this very call made the file: two names that a file system treats as one. */
  has(dev: bigint, ino: bigint): boolean {
    return this.made.has(`${dev}:${ino}`);
  }

  /** An earlier attempt leaves regular files only; anything else is not ours. */
  private removeLeftover(at: Buffer, path: Buffer): void {
    const found = lstatSync(at, { bigint: true, throwIfNoEntry: false });
    if (!found) return;
    const shown = displayPath(path);
    if (this.has(found.dev, found.ino)) {
      throw new Refused(
        'NAMES_COLLIDE',
        `The store takes the name "${shown}" for that of another copy (does it ignore letter case?).`,
        { path: shown },
      );
    }
    if (typeOf(Number(found.mode)) !== 'file')
      throw new Refused('TARGET_EXISTS', `At "${shown}" in the store stands something that is not ours.`, {
        path: shown,
      });
    this.claim.check();
    unlinkSync(at);
  }

  get full(): boolean {
    return this.open.size >= openLimit;
  }

  /** Syncs and closes all open files at once. */
  async syncFiles(files: readonly MadeFile[] = [...this.open]): Promise<void> {
    const results = await Promise.allSettled(files.map((file) => syncFile(file.fd)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw this.notSynced(failed.reason);
    for (const file of files) {
      this.open.delete(file);
      dropCache(file.fd); // only verify reads a copy again, and it bypasses the cache
      this.onDisk(() => closeSync(file.fd));
    }
  }

  /** Syncs all files that were made, then the directories that name them, from the deepest up to the root. */
  async sync(): Promise<void> {
    await this.syncFiles();
    const depth = (directory: string): number => directory.split('/').length + (directory === '' ? -1 : 0);
    for (const directory of [...this.directories].sort((one, other) => depth(other) - depth(one))) {
      const components = directory === '' ? [] : splitPath(Buffer.from(directory, 'latin1'));
      this.onDisk(() => syncDirectory(this.target.directory(components)));
    }
  }

  /** Removes one file, if its name is still ours. */
  remove(file: MadeFile): void {
    if (this.open.delete(file)) closeSync(file.fd);
    this.made.delete(`${file.dev}:${file.ino}`);
    const { at } = this.target.locate(file.path);
    const found = lstatSync(at, { bigint: true, throwIfNoEntry: false });
    if (found?.dev !== file.dev || found.ino !== file.ino) return;
    this.claim.check();
    unlinkSync(at);
  }

  /**
   * Removes everything that was made, as far as possible. The call has already failed with an error that matters more
   * than one from here, and the next attempt replaces what is left in an open bag.
   */
  removeAll(): void {
    for (const file of [...this.made.values()]) {
      try {
        this.remove(file);
      } catch (error) {
        if (error instanceof EndOfBatch) return;
      }
    }
  }

  close(): void {
    for (const file of this.open) closeSync(file.fd);
    this.open.clear();
  }

  private onDisk(act: () => void): void {
    try {
      act();
    } catch (error) {
      throw this.notSynced(error);
    }
  }

  private notSynced(error: unknown): EndOfBatch {
    const known = storeFailed(error, this.target.root);
    return new EndOfBatch(
      known ??
        new Transient(
          'COPY_NOT_SYNCED',
          `The store at ${this.target.root} could not sync what was written (${codeOf(error)}); it is void.`,
          { root: this.target.root, code: codeOf(error) },
          { cause: error },
        ),
    );
  }
}
