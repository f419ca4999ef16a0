import { claimLost, ColdroomError, NotYet, Refused, Transient, type Outcome, type Work } from '@coldroom/domain';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSharedArrayBuffer } from 'node:util/types';
import { Piscina } from 'piscina';
import { progressCells } from './claim';
import type { Failure } from './failures';
import type { Bounds, WireOutcome } from './wire';

export type ThreadAnswer = { readonly ok: unknown } | { readonly failed: Failure };

const progressMilliseconds = 250;
const errors = { transient: Transient, 'not-yet': NotYet, refused: Refused } as const;

/**
 * Threads that run batches of work, each under a claim that its thread can see: a claim that ran out, or a signal to
 * stop, is `Transient` `CLAIM_LOST`. A task is answered with a `ThreadAnswer`.
 */
export class Threads<Task extends object> {
  private readonly pool: Piscina;
  private readonly loading = new WeakMap<object, Promise<void>>();

  /**
   * `directory` is that of the calling module: its `worker.js` is the thread's code. Each thread finds `data` in
   * `workerData`.
   */
  constructor(directory: string, { threads, data }: { readonly threads: number; readonly data: unknown }) {
    this.pool = new Piscina({
      filename: workerPath(directory),
      minThreads: threads,
      maxThreads: threads,
      workerData: data,
      // Chunks are outside the heap; the content of the heap changes with each batch.
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
    });
    this.noteNewThreads();
    // The pool starts a new thread in the same turn in which it ends another one.
    this.pool.on('workerDestroy', () => {
      queueMicrotask(() => this.noteNewThreads());
    });
  }

  async run(task: Task, work?: Work): Promise<unknown> {
    const bounds = boundsOf(work);
    const report = reporter(bounds.progress, work?.progress);
    const timer = setInterval(report, progressMilliseconds);
    const stop = (): void => void Atomics.store(bounds.progress, progressCells.stopped, 1n);
    work?.signal.addEventListener('abort', stop);
    try {
      await this.loaded();
      if (work?.signal.aborted) throw work.signal.reason;
      const answer = (await this.pool.run({ ...task, ...bounds }, work ? { signal: work.signal } : {})) as ThreadAnswer;
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

  /** Stops the threads, even in the middle of their work. May be called twice. */
  async close(): Promise<void> {
    await this.loaded();
    await this.pool.destroy();
  }

  /** Ending a thread that is loading native code crashes the whole process: no thread is ended before it has loaded. */
  private async loaded(): Promise<void> {
    for (const thread of this.pool.threads) await this.loading.get(thread);
  }

  private noteNewThreads(): void {
    for (const thread of this.pool.threads) {
      if (this.loading.has(thread)) continue;
      // The pool's threads report in their first message that they are ready; one that cannot load exits.
      this.loading.set(
        thread,
        new Promise((resolve) => {
          thread.once('message', () => resolve()).once('exit', () => resolve());
        }),
      );
    }
  }
}

function boundsOf(work: Work | undefined): Bounds {
  const progress = new BigInt64Array(new SharedArrayBuffer(16));
  if (!work) return { deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 63n - 1n), progress };
  if (!isSharedArrayBuffer(work.deadline.buffer))
    throw new TypeError('the deadline has to be shared memory: a thread could not see it renewed');
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
  return reason instanceof ColdroomError ? reason : claimLost('it was stopped', { cause: reason });
}

export function revived({ kind, code, message, details }: Failure): ColdroomError {
  return new errors[kind](code, message, details);
}

export function outcomes<T>(answers: readonly WireOutcome<T>[]): readonly Outcome<T>[] {
  return answers.map((answer) => ('ok' in answer ? answer : { error: revived(answer.failed) }));
}

/** Threads load compiled code; tests, which read the sources, use the build. */
function workerPath(directory: string): string {
  const beside = resolve(directory, 'worker.js');
  return existsSync(beside) ? beside : resolve(directory.replace(/\/src(\/[^/]+)?$/, '/dist$1'), 'worker.js');
}
