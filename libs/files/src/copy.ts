import { ColdroomError, Refused, Transient, codeOf, messageOf, crashPoint, type Identity } from '@coldroom/domain';
import { closeSync, ftruncateSync } from 'node:fs';
import { keepAttributes, keepTime, readAttributes } from './attributes';
import type { Claim } from './claim';
import { EndOfBatch, failureOf, readingFailed, storeFailed } from './failures';
import { MadeFiles, type MadeFile } from './made-files';
import { displayPath } from './path';
import { noteRefusal, openFile, readThrough, type OpenFile } from './read';
import type { Tree } from './tree';
import type { Trees } from './trees';
import { bytesOf, type WireOutcome, type WirePath } from './wire';
import { writeSparse, writeWhole } from './write';

export interface CopyTask {
  readonly sources: readonly {
    readonly root: string;
    readonly path: WirePath;
    readonly copyPath: WirePath;
    readonly identity: Identity;
  }[];
  readonly target: { readonly root: string; readonly prefix: WirePath };
  readonly options: CopyOptions;
}

export interface CopyOptions {
  /** Only content and mtime are kept: the copy belongs to us, and its group may read it. */
  readonly plain?: boolean;
  /** At most so many bytes a second. */
  readonly bytesPerSecond?: number | undefined;
}

export interface Copied {
  readonly size: bigint;
}

/** A larger file is synced by itself; smaller ones are synced together. */
const largeBytes = 8n * 1024n * 1024n;
/**
 * Up to this size, what was hashed a moment ago is probably still in memory; a larger source would only evict other
 * files.
 */
const rereadBytes = 1024n * 1024n * 1024n;

/**
 * Copies files into directories below the target, all synced when it returns. What an earlier attempt left at a copy's
 * path is replaced: the target must be an open bag. An error of the store fails the whole call; what the call made is
 * then removed where that is still possible.
 */
export async function copy(task: CopyTask, claim: Claim, trees: Trees): Promise<readonly WireOutcome<Copied>[]> {
  const target = trees.at(task.target.root);
  const { plain = false, bytesPerSecond } = task.options;
  if (bytesPerSecond !== undefined) claim.limit(bytesPerSecond);
  const copier = new Copier(target, claim, plain);
  const outcomes: WireOutcome<Copied>[] = [];
  try {
    for (const source of task.sources) {
      const path = bytesOf(source.path);
      const copyPath = Buffer.concat([bytesOf(task.target.prefix), Buffer.from('/'), bytesOf(source.copyPath)]);
      try {
        await copier.copy(trees.at(source.root), path, source.identity, copyPath);
        outcomes.push({ ok: { size: source.identity.size } });
      } catch (error) {
        outcomes.push({ failed: failureOf(readingFailed(error, path)) });
      }
    }
    await copier.made.sync();
    crashPoint('copy:4-synced');
    return outcomes;
  } catch (error) {
    copier.made.removeAll();
    throw error;
  } finally {
    copier.made.close();
  }
}

class Copier {
  readonly made: MadeFiles;
  private readonly beforeChange = (): void => this.claim.check();

  constructor(
    private readonly target: Tree,
    private readonly claim: Claim,
    private readonly plain: boolean,
  ) {
    this.made = new MadeFiles(target, claim);
  }

  async copy(tree: Tree, path: Buffer, identity: Identity, copyPath: Buffer): Promise<void> {
    const large = identity.size > largeBytes;
    const source = openFile(tree, path, identity.size > rereadBytes ? 'direct' : 'cached', identity);
    try {
      const attributes = readAttributes(source.fd); // before the content: the later check of ctime covers them too
      const copy = this.onTarget(path, () => this.made.create(copyPath));
      try {
        await this.fill(copy, source);
        this.onTarget(path, () =>
          this.plain
            ? keepTime(copy.fd, source.identity, path)
            : keepAttributes(copy.fd, source.identity, attributes, path),
        );
      } catch (error) {
        if (!(error instanceof EndOfBatch)) this.onTarget(path, () => this.made.remove(copy));
        if (noteRefusal(error, source)) return await this.copy(tree, path, identity, copyPath);
        throw error;
      }
      crashPoint('copy:3-written');
      if (large) await this.made.syncFiles([copy]);
      else if (this.made.full) await this.made.syncFiles();
    } finally {
      closeSync(source.fd);
    }
  }

  private async fill(copy: MadeFile, source: OpenFile): Promise<void> {
    const sparse = source.blocks * 512n < source.identity.size;
    const write = sparse ? writeSparse : writeWhole;
    await readThrough(source, (piece, position) => {
      this.onTarget(source.path, () => write(copy.fd, piece, position, this.beforeChange));
      this.claim.done(piece.length);
      if (position === 0) crashPoint('copy:2-partly-written');
    });
    if (sparse) this.onTarget(source.path, () => ftruncateSync(copy.fd, Number(source.identity.size)));
  }

  /** Runs what accesses the store, and decides whether its errors concern this file or all. */
  private onTarget<T>(path: Buffer, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof EndOfBatch || error instanceof ColdroomError) throw error;
      const ofStore = storeFailed(error, this.target.root);
      throw ofStore ? new EndOfBatch(ofStore) : writingFailed(error, path);
    }
  }
}

/** Write errors that this file's own name or size causes. */
function writingFailed(error: unknown, path: Buffer): ColdroomError {
  const shown = displayPath(path);
  const details = { path: shown, code: codeOf(error) };
  switch (codeOf(error)) {
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'EILSEQ':
      return new Refused(
        'NAME_NOT_KEPT',
        `The store's file system cannot hold the name of "${shown}" (${codeOf(error)}).`,
        details,
        { cause: error },
      );
    case 'EFBIG':
      return new Refused('FILE_TOO_LARGE', `"${shown}" is larger than the store's file system allows.`, details, {
        cause: error,
      });
    default:
      return new Transient(
        'WRITE_FAILED',
        `The copy of "${shown}" could not be written (${codeOf(error)}: ${messageOf(error)}).`,
        details,
        { cause: error },
      );
  }
}
