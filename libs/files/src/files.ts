import type { ColdroomError, DigestAlgorithm, Identity, Outcome, Source, TagFile, Work } from '@coldroom/domain';
import type { Copied, CopyOptions, CopyTask } from './copy';
import type { SetAttributesTask } from './set-attributes';
import type { Hashed, HashTask } from './hash';
import type { InspectTask, Seen, WireFound } from './inspect';
import type { WirePair } from './names/link';
import type { WirePlace } from './names/two-ends';
import type { NamesTask } from './names/names';
import type { Released } from './names/release';
import type { SealTask } from './seal';
import type { SummaryTask, SurveyTask, WireDirectory, WireSummary } from './survey';
import { outcomes, revived, Threads } from './threads';
import { bytesOf, wirePath, type WireOutcome } from './wire';
import type { WorkerTask } from './worker';

/** A path below a root: an absolute directory that contains our marker. */
export interface Place {
  readonly root: string;
  readonly path: Buffer;
}

/** A name that people use, the name of ours for the same file, and the file. */
export interface NamePair {
  readonly from: Place;
  readonly to: Place;
  readonly file: Identity;
}

export interface HashSource extends Place {
  readonly algorithms: readonly DigestAlgorithm[];
  /** `SOURCE_CHANGED` if the file is not this one (dev, ino, size, mtime, ctime). */
  readonly expect?: Identity;
}

/**
 * What is at a path; `refused` where the path is not allowed, leads through a link, or cannot be inspected.
 * `protectedBy` states why no link could take the file's place; it is determined only on request.
 */
export type Found =
  (Seen & { readonly protectedBy?: ColdroomError }) | { readonly kind: 'refused'; readonly error: ColdroomError };

export type FoundDirectory = Omit<WireDirectory, 'path'> & { readonly path: Buffer };
/** `temporary` and `odd` are relative to the directory. */
export type Summary = Omit<WireSummary, 'temporary' | 'odd'> & {
  readonly temporary: Buffer | null;
  readonly odd: Buffer | null;
};

export interface SealOrder {
  readonly root: string;
  /** Below the root: the open bag, and its final place once sealed. */
  readonly open: Buffer;
  readonly sealed: Buffer;
  /** Below the bag. */
  readonly keep: readonly Buffer[];
  readonly tags: readonly TagFile[];
}

/**
 * Work on files in separate threads; the event loop stays free. Each call is one batch in one thread. A root without
 * its marker is `Transient` `ROOT_UNAVAILABLE` (`details.root` names it); a claim that ran out, or a signal to stop, is
 * `Transient` `CLAIM_LOST`, and nothing is changed after it.
 */
export class Files {
  private readonly threads: Threads<WorkerTask>;

  /**
   * `crashAt` and `freezeAt`, for tests: the step (`copy:3-written`, or `copy:3-written:2` for the second time) that
   * kills or stops the process.
   */
  constructor({
    threads,
    crashAt,
    freezeAt,
  }: {
    readonly threads: number;
    readonly crashAt?: string | undefined;
    readonly freezeAt?: string | undefined;
  }) {
    this.threads = new Threads(__dirname, { threads, data: { crashAt, freezeAt } });
  }

  /** Inspects paths without following links or opening them: one answer for each, in order. */
  async inspect(
    places: readonly Place[],
    { protection = false }: { readonly protection?: boolean } = {},
  ): Promise<readonly Found[]> {
    const task: InspectTask = { places: places.map(({ root, path }) => ({ root, path: wirePath(path) })), protection };
    const found = (await this.threads.run({ verb: 'inspect', task })) as readonly WireFound[];
    return found.map((each) => {
      if (each.kind === 'refused') return { kind: each.kind, error: revived(each.failed) };
      const { protectedBy, ...seen } = each;
      return protectedBy ? { ...seen, protectedBy: revived(protectedBy) } : seen;
    });
  }

  /** All directories below a root down to a depth, by their names only; see `survey`. */
  async survey(root: string, depth: number, named: Buffer): Promise<readonly FoundDirectory[]> {
    const task: SurveyTask = { root, depth, named: wirePath(named) };
    const found = (await this.threads.run({ verb: 'survey', task })) as readonly WireDirectory[];
    return found.map((each) => ({ ...each, path: bytesOf(each.path) }));
  }

  /**
   * What is below a directory, without reading any file. `marker` is the name of a file that it must have; with `sync`, all
   * directories are synced. See `summarize`.
   */
  async summarize(
    { root, path }: Place,
    { marker, sync = false }: { readonly marker?: Buffer | undefined; readonly sync?: boolean } = {},
  ): Promise<Summary> {
    const task: SummaryTask = { root, path: wirePath(path), marker: marker && wirePath(marker), sync };
    const { temporary, odd, ...sum } = (await this.threads.run({ verb: 'summarize', task })) as WireSummary;
    return {
      ...sum,
      temporary: temporary === null ? null : bytesOf(temporary),
      odd: odd === null ? null : bytesOf(odd),
    };
  }

  /**
   * Reads each file once and computes its digests. `direct` bypasses the page cache, or first asks it to drop the file;
   * `read` in the answer states how it was done. Not a regular file: `Refused` `NOT_A_REGULAR_FILE`; changed meanwhile:
   * `SOURCE_CHANGED`; missing: `SOURCE_MISSING`.
   */
  async hash(
    sources: readonly HashSource[],
    { direct }: { readonly direct: boolean },
    work: Work,
  ): Promise<readonly Outcome<Hashed>[]> {
    const task: HashTask = {
      sources: sources.map(({ root, path, algorithms, expect }) => ({
        root,
        path: wirePath(path),
        algorithms,
        expect,
      })),
      way: direct ? 'direct' : 'cached',
    };
    return outcomes((await this.threads.run({ verb: 'hash', task }, work)) as readonly WireOutcome<Hashed>[]);
  }

  /**
   * Copies into an open bag below `target`, with all attributes, synced when it returns; see `copy`. The whole call
   * fails with `Transient` `STORE_FULL`, `STORE_READ_ONLY`, `STORE_DENIED` or `COPY_NOT_SYNCED`, and then none of its
   * copies counts.
   */
  async copy(
    sources: readonly Source[],
    target: { readonly root: string; readonly prefix: Buffer },
    work: Work,
    options: CopyOptions = {},
  ): Promise<readonly Outcome<Copied>[]> {
    const task: CopyTask = {
      sources: sources.map(({ root, path, copyPath, identity }) => ({
        root,
        path: wirePath(path),
        copyPath: wirePath(copyPath),
        identity,
      })),
      target: { root: target.root, prefix: wirePath(target.prefix) },
      options,
    };
    return outcomes((await this.threads.run({ verb: 'copy', task }, work)) as readonly WireOutcome<Copied>[]);
  }

  /**
   * Gives files of ours the mtime and owner of `as`, and this mode, synced. Returns the mode that each has then: set-id
   * bits may be left out (see `giveSetId`). `Refused` `MTIME_NOT_KEPT` or `OWNER_NOT_KEPT` where the file system or our
   * rights do not allow it.
   */
  async setAttributes(
    files: readonly (Place & { readonly as: Identity; readonly mode: number })[],
    work: Work,
  ): Promise<readonly Outcome<number>[]> {
    const task: SetAttributesTask = {
      files: files.map(({ root, path, as, mode }) => ({ root, path: wirePath(path), as, mode })),
    };
    return outcomes((await this.threads.run({ verb: 'setAttributes', task }, work)) as readonly WireOutcome<number>[]);
  }

  /**
   * Closes a bag; see `seal`. `Refused` `COPY_MISSING` leaves it open; `BAG_SEALED` where it was sealed with other tag
   * files.
   */
  async seal({ root, open, sealed, keep, tags }: SealOrder, work: Work): Promise<void> {
    const task: SealTask = { root, open: wirePath(open), sealed: wirePath(sealed), keep: keep.map(wirePath), tags };
    await this.threads.run({ verb: 'seal', task }, work);
  }

  /**
   * Gives each file a second name of ours, in directories that are made (0750), synced; says what it is then. A name that
   * exists counts if it is the file. `Refused` `LINK_NOT_POSSIBLE` where the system does not allow it, `SOURCE_CHANGED`,
   * `SOURCE_MISSING`, `IMPORT_LOCK_TAKEN`.
   */
  async link(pairs: readonly NamePair[], work: Work): Promise<readonly Outcome<Identity>[]> {
    return this.outcomesOf<Identity>({ act: 'link', pairs: pairs.map(wirePair) }, work);
  }

  /** Moves each file to a name of ours, replacing nothing, as `link` otherwise (`MOVE_NOT_POSSIBLE`). `exact`: with the ctime of `file`. */
  async move(
    pairs: readonly NamePair[],
    { exact }: { readonly exact: boolean },
    work: Work,
  ): Promise<readonly Outcome<Identity>[]> {
    return this.outcomesOf<Identity>({ act: 'move', pairs: pairs.map(wirePair), exact }, work);
  }

  /** Takes away the names that `link` and `move` made, and keeps every file; see `release`. */
  async release(
    pairs: readonly Pick<NamePair, 'from' | 'to'>[],
    { moveBack }: { readonly moveBack: boolean },
    work: Work,
  ): Promise<readonly Outcome<Released>[]> {
    const wired = pairs.map(({ from, to }) => ({ from: wirePlace(from), to: wirePlace(to) }));
    return this.outcomesOf<Released>({ act: 'release', pairs: wired, moveBack }, work);
  }

  /** Removes names of ours that are these files, even if they have no other name. False: nothing had the name. */
  async removeOwn(
    names: readonly { readonly at: Place; readonly file: Identity }[],
    work: Work,
  ): Promise<readonly Outcome<boolean>[]> {
    const wired = names.map(({ at, file }) => ({ at: wirePlace(at), file }));
    return this.outcomesOf<boolean>({ act: 'remove', names: wired }, work);
  }

  /** Gives a directory of ours another name, which nothing has (`EEXIST`), synced. */
  async setAside(from: Place, to: Place, work: Work): Promise<void> {
    await this.threads.run(
      { verb: 'names', task: { act: 'setAside', from: wirePlace(from), to: wirePlace(to) } },
      work,
    );
  }

  /** Removes the directories that are empty, in this order, and says how many. */
  async removeEmpty(directories: readonly Place[], work: Work): Promise<number> {
    const task: NamesTask = { act: 'removeEmpty', directories: directories.map(wirePlace) };
    return (await this.threads.run({ verb: 'names', task }, work)) as number;
  }

  private async outcomesOf<T>(task: NamesTask, work: Work): Promise<readonly Outcome<T>[]> {
    return outcomes((await this.threads.run({ verb: 'names', task }, work)) as readonly WireOutcome<T>[]);
  }

  /** Stops the threads, even in the middle of their work. May be called twice. */
  async close(): Promise<void> {
    await this.threads.close();
  }
}

const wirePlace = ({ root, path }: Place): WirePlace => ({ root, path: wirePath(path) });

const wirePair = ({ from, to, file }: NamePair): WirePair => ({ from: wirePlace(from), to: wirePlace(to), file });
