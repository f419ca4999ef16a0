import { ColdroomError, NotYet, Refused, Transient, type DigestAlgorithm, type Identity, type Outcome, type Source, type TagFile, type Work } from '@coldroom/domain';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSharedArrayBuffer } from 'node:util/types';
import { Piscina } from 'piscina';
import { progressCells } from './claim';
import type { Copied, CopyTask } from './copy';
import type { DressTask } from './dress';
import type { Failure } from './failures';
import type { Hashed, HashTask } from './hash';
import type { InspectTask, Seen, WireFound } from './inspect';
import type { SealTask } from './seal';
import { wirePath, type Bounds, type WireOutcome } from './wire';
import type { WorkerAnswer, WorkerTask } from './worker';

/** A path below a root: an absolute directory that carries our marker. */
export interface Place {
  readonly root: string;
  readonly path: Buffer;
}

export interface HashSource extends Place {
  readonly algorithms: readonly DigestAlgorithm[];
  /** `SOURCE_CHANGED` where the file is not this one (dev, ino, size, mtime, ctime). */
  readonly expect?: Identity;
}

/** What stands at a place; `refused` where the path is not allowed, leads through a link, or cannot be looked at. */
export type Found = Seen | { readonly kind: 'refused'; readonly error: ColdroomError };

export interface SealOrder {
  readonly root: string;
  /** Below the root: the open bag, and its place once sealed. */
  readonly open: Buffer;
  readonly sealed: Buffer;
  /** Below the bag. */
  readonly keep: readonly Buffer[];
  readonly tags: readonly TagFile[];
}

const progressMilliseconds = 250;
const errors = { transient: Transient, 'not-yet': NotYet, refused: Refused } as const;

/**
 * Work on files in threads of its own; the event loop stays free. Each call is one batch in one thread. A root without
 * its marker is `Transient` `ROOT_AWAY` (`details.root` says which); a claim that ran out, or a signal to stop, is
 * `Transient` `CLAIM_LOST`, and nothing is changed after it.
 */
export class Files {
  private readonly pool: Piscina;

  /** `crashAt` and `freezeAt`, for drills: the step (`copy:3-written`, or `copy:3-written:2` for the second time) that kills or stops the process. */
  constructor({ threads, crashAt, freezeAt }: { readonly threads: number; readonly crashAt?: string | undefined; readonly freezeAt?: string | undefined }) {
    this.pool = new Piscina({
      filename: workerPath(), minThreads: threads, maxThreads: threads, workerData: { crashAt, freezeAt },
      // Chunks are outside the heap; what is in it comes and goes with each batch.
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
    });
  }

  /** Looks at places without following links or opening them: one answer a place, in order. */
  async inspect(places: readonly Place[]): Promise<readonly Found[]> {
    const task: InspectTask = { places: places.map(({ root, path }) => ({ root, path: wirePath(path) })) };
    const found = await this.run({ verb: 'inspect', task }) as readonly WireFound[];
    return found.map((each) => (each.kind === 'refused' ? { kind: each.kind, error: revived(each.failed) } : each));
  }

  /**
   * Reads each file once and computes its digests. `direct` reads around the page cache, or after telling it to forget
   * the file; the answer's `read` says how it was done. Not a regular file: `Refused` `NOT_A_REGULAR_FILE`; touched
   * meanwhile: `SOURCE_CHANGED`; not there: `SOURCE_MISSING`.
   */
  async hash(sources: readonly HashSource[], { direct }: { readonly direct: boolean }, work: Work): Promise<readonly Outcome<Hashed>[]> {
    const task: HashTask = {
      sources: sources.map(({ root, path, algorithms, expect }) => ({ root, path: wirePath(path), algorithms, expect })),
      way: direct ? 'direct' : 'cached',
    };
    return outcomes(await this.run({ verb: 'hash', task }, work) as readonly WireOutcome<Hashed>[]);
  }

  /**
   * Copies into an open bag below `target`, with all attributes, synced when it returns; see `copy`. The whole call fails with
   * `Transient` `STORE_FULL`, `STORE_READ_ONLY`, `STORE_DENIED` or `COPY_NOT_SYNCED`, and then none of its copies counts.
   */
  async copy(sources: readonly Source[], target: { readonly root: string; readonly prefix: Buffer }, work: Work): Promise<readonly Outcome<Copied>[]> {
    const task: CopyTask = {
      sources: sources.map(({ root, path, copyPath, identity }) => ({ root, path: wirePath(path), copyPath: wirePath(copyPath), identity })),
      target: { root: target.root, prefix: wirePath(target.prefix) },
    };
    return outcomes(await this.run({ verb: 'copy', task }, work) as readonly WireOutcome<Copied>[]);
  }

  /**
   * Gives files of ours the mtime and owner of `as`, and this mode, synced. `Refused` `MTIME_NOT_KEPT` or `OWNER_NOT_KEPT`
   * where the file system or our rights do not allow it.
   */
  async dress(files: readonly (Place & { readonly as: Identity; readonly mode: number })[], work: Work): Promise<readonly Outcome<true>[]> {
    const task: DressTask = { files: files.map(({ root, path, as, mode }) => ({ root, path: wirePath(path), as, mode })) };
    return outcomes(await this.run({ verb: 'dress', task }, work) as readonly WireOutcome<true>[]);
  }

  /** Closes a bag; see `seal`. `Refused` `COPY_MISSING` leaves it open, `BAG_SEALED` where other tag files were sealed. */
  async seal({ root, open, sealed, keep, tags }: SealOrder, work: Work): Promise<void> {
    const task: SealTask = { root, open: wirePath(open), sealed: wirePath(sealed), keep: keep.map(wirePath), tags };
    await this.run({ verb: 'seal', task }, work);
  }

  /** Stops the threads, also in the middle of their work. May be called twice. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async run(task: WorkerTask, work?: Work): Promise<unknown> {
    const bounds = boundsOf(work);
    const report = reporter(bounds.progress, work?.progress);
    const timer = setInterval(report, progressMilliseconds);
    const stop = (): void => void Atomics.store(bounds.progress, progressCells.stopped, 1n);
    work?.signal.addEventListener('abort', stop);
    try {
      if (work?.signal.aborted) throw work.signal.reason;
      const answer = await this.pool.run({ ...task, ...bounds }, work ? { signal: work.signal } : {}) as WorkerAnswer;
      if ('failed' in answer) throw revived(answer.failed);
      return answer.ok;
    } catch (error) {
      throw work?.signal.aborted ? stopped(work.signal.reason) : error;
    } finally {
      work?.signal.removeEventListener('abort', stop);
      clearInterval(timer);
      report();
    }
  }
}

function boundsOf(work: Work | undefined): Bounds {
  const progress = new BigInt64Array(new SharedArrayBuffer(16));
  if (!work) return { deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 63n - 1n), progress };
  if (!isSharedArrayBuffer(work.deadline.buffer)) throw new TypeError('the deadline has to be shared memory: a thread could not see it renewed');
  return { deadline: work.deadline, progress };
}

function reporter(progress: BigInt64Array, tell: Work['progress'] | undefined): () => void {
  let told = 0n;
  return () => {
    const done = Atomics.load(progress, progressCells.bytes);
    if (done > told) tell?.(Number(done - told));
    told = done;
  };
}

function stopped(reason: unknown): unknown {
  if (reason instanceof ColdroomError) return reason;
  return new Transient('CLAIM_LOST', 'The work was stopped; it is done again by whoever holds the claim.', {}, { cause: reason });
}

function revived({ kind, code, message, details }: Failure): ColdroomError {
  return new errors[kind](code, message, details);
}

function outcomes<T>(answers: readonly WireOutcome<T>[]): readonly Outcome<T>[] {
  return answers.map((answer) => ('ok' in answer ? answer : { error: revived(answer.failed) }));
}

/** Threads load compiled code; tests, which read the sources, take it from the build. */
function workerPath(): string {
  const beside = resolve(__dirname, 'worker.js');
  return existsSync(beside) ? beside : resolve(__dirname, '../dist/worker.js');
}
