import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, ColdroomError, copyPath, messageOf, type Store, type Work } from '@coldroom/domain';
import { Register, type CheckedCopy, type CopyResult } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { checkCopies, inRuns, Pace, type CopyVerdict, type Stores } from '@coldroom/stores';
import { countCopy, showFigures } from './fixity-metrics';

export interface FixityOptions {
  /** Each copy is read once in this time; 0 turns it off. */
  readonly everyMs: number;
  /** Only these stores; otherwise all whose copies are read on this machine, as reading others may cost money. */
  readonly stores: readonly string[] | undefined;
  /** Stores and threads of its own, so that a long read takes none from the stages. */
  readonly open: () => Promise<{ readonly stores: Stores; readonly close: () => Promise<void> }>;
  readonly pauseMs?: number;
  /** After a turn that left only offline copies: a store is not queried for them repeatedly. */
  readonly offlinePauseMs?: number;
  readonly termMs?: number;
}

const actor = 'fixity';
/**
 * Copies become due a little before their time, and are read a little faster than needed, to catch up after a store was
 * unavailable.
 */
const early = 0.8;
const slowest = 1 << 20;
const pageOfCopies = 256;
const usualPauseMs = 60_000;
const usualOfflinePauseMs = 6 * 3_600_000;

/** Reads all copies repeatedly and slowly: one process at a time, beside the stages and without their claims. */
@Injectable()
export class RollingFixity implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;
  private metOffline = false;
  /** All that was due was read, except for offline copies. False for a turn that ran out of time. */
  private onlyOfflineLeft = false;

  constructor(
    private readonly register: Register,
    private readonly log: Log,
    private readonly options: FixityOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.everyMs > 0) this.running = this.run();
    else this.log.info('fixity off', { next: 'set COLDROOM_FIXITY_EVERY, or run "coldroom verify" from cron' });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      this.metOffline = false;
      this.onlyOfflineLeft = false;
      try {
        await this.register.alone('fixity', () => this.term());
      } catch (error) {
        if (!this.stop.signal.aborted)
          this.log.warn('fixity round failed', {
            code: codeOf(error),
            reason: messageOf(error),
            next: 'it will be retried',
          });
      }
      const { pauseMs = usualPauseMs, offlinePauseMs = usualOfflinePauseMs } = this.options;
      await sleep(this.onlyOfflineLeft ? offlinePauseMs : pauseMs, undefined, { signal: this.stop.signal }).catch(
        () => undefined,
      ); // the end of the service ends it
    }
  }

  /** Reads what is due until nothing is, or until the turn is over and another process may have one. */
  private async term(): Promise<void> {
    const { stores, close } = await this.options.open();
    try {
      const chosen = stores.all.filter(
        ({ name, acceptedReads }) =>
          this.options.stores?.includes(name) ??
          !acceptedReads.some((read) => read === 'remote' || read === 'attested'),
      );
      let names = chosen.map(({ name }) => name);
      const figures = await this.register.fixityCoverage.count(this.options.everyMs);
      await this.register.fixityCoverage.keep(figures, this.options.everyMs, names);
      showFigures(figures);
      const bytes = figures
        .filter(({ store }) => names.includes(store))
        .reduce((sum, one) => sum + Number(one.bytes), 0);
      const dueMs = this.options.everyMs * early;
      const pace = new Pace(Math.max(slowest, (bytes * 1000) / dueMs));
      const endAt = performance.now() + (this.options.termMs ?? 3_600_000);
      for (let last: CheckedCopy | null = null; performance.now() < endAt;) {
        // A copy that could not be read stays due: read the page after it, so that it blocks nothing.
        const page = await this.register.fixity.waiting(names, dueMs, last, pageOfCopies);
        if (page.length === 0) {
          this.onlyOfflineLeft = this.metOffline;
          return;
        }
        for (const copies of Map.groupBy(page, ({ bagId }) => bagId).values()) {
          const { store } = copies[0] as CheckedCopy;
          if (names.includes(store) && !(await this.checkBag(stores.get(store), copies, pace)))
            names = names.filter((name) => name !== store);
        }
        last = page.at(-1) as CheckedCopy;
      }
    } finally {
      await close();
    }
  }

  /** False where the store cannot be read now, or is stopped: its other bags wait for the next turn. */
  private async checkBag(store: Store, copies: readonly CheckedCopy[], pace: Pace): Promise<boolean> {
    for (const run of inRuns(copies, pace.batchBytes)) {
      this.stop.signal.throwIfAborted();
      if (await this.isStopped(store.name)) return false;
      try {
        await pace.after(await this.check(store, run), this.stop.signal);
      } catch (error) {
        if (this.stop.signal.aborted || !(error instanceof ColdroomError) || error.code === 'REGISTER_UNAVAILABLE')
          throw error;
        this.log.warn('store not read', {
          store: store.name,
          code: error.code,
          reason: error.message,
          next: 'it will be retried',
        });
        return false;
      }
    }
    return true;
  }

  /** Returns how many bytes were read. */
  private async check(store: Store, run: readonly CheckedCopy[]): Promise<bigint> {
    const [{ bag }] = run as [CheckedCopy];
    const work: Work = {
      signal: this.stop.signal,
      deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
      progress: () => undefined,
    };
    const verdicts = await checkCopies(
      store,
      bag,
      run.map((copy) => ({
        path: copyPath(copy),
        size: copy.size,
        sha256: copy.sha256,
        version: copy.copyVersion,
        proven: copy.copyDigest !== null,
      })),
      work,
    );
    this.metOffline ||= verdicts.some(({ kind }) => kind === 'offline');
    await this.register.fixity.record(
      run.flatMap((copy, at) => this.resultOf(copy, verdicts[at]!)),
      actor,
    );
    return run.reduce((sum, copy, at) => (verdicts[at]!.kind === 'offline' ? sum : sum + copy.size), 0n);
  }

  /** The result for the register, if something was learnt; counts and logs the rest. */
  private resultOf(copy: CheckedCopy, verdict: CopyVerdict): readonly CopyResult[] {
    countCopy(copy.store, verdict.kind, copy.size);
    if (verdict.kind === 'good') return [{ copy, fault: null, ...(verdict.proof ? { proof: verdict.proof } : {}) }];
    if (verdict.kind === 'offline') return [];
    const { code, reason } = verdict;
    const about = { store: copy.store, bag: copy.bag, file: copy.id, path: copy.display, code, reason };
    if (verdict.kind === 'unread') {
      this.log.warn('copy not read', about);
      return [];
    }
    this.log.error('copy bad', { ...about, next: `coldroom verify File:${copy.id} says what to do` });
    return [{ copy, fault: { code, reason } }];
  }

  private async isStopped(store: string): Promise<boolean> {
    return (await this.register.switches.list()).some(
      (one) => one.stopped && (one.name === 'all' || one.name === `store:${store}`),
    );
  }
}
