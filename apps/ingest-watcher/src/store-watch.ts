import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf, type Store } from '@coldroom/domain';
import { STORES } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import type { Stores, StoreSpace } from '@coldroom/stores';

export const STORE_WATCH = Symbol('store watch');
export interface StoreWatchOptions {
  /** Below this percentage of free space, a store is filling up. */
  readonly freePercent: number;
  readonly spaceOf: (store: string) => Promise<readonly StoreSpace[]>;
  readonly everyMs?: number;
}

const actor = 'store watch';
const usualEveryMs = 120_000;
const shutdownMs = 2000;
/** A store that only hiccups is not reported. */
const looksBeforeReport = 2;
/** A store at the limit is not reported again and again. */
const enoughAgain = 2;

/** Looks at the stores from time to time, and records when one is unavailable or filling up: one process at a time. */
@Injectable()
export class StoreWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private readonly failures = new Map<string, number>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly register: Register,
    @Inject(STORES) private readonly stores: Stores,
    private readonly log: Log,
    @Inject(STORE_WATCH) private readonly options: StoreWatchOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await Promise.race([this.running, sleep(shutdownMs, undefined, { ref: false })]); // a mount may hang
  }

  private async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.register.alone(actor, () => this.look());
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('stores not watched', { code, reason, next: 'it will be retried' });
      }
      const { everyMs = usualEveryMs } = this.options;
      await sleep(everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }

  private async look(): Promise<void> {
    for (const store of this.stores.all) {
      if (this.stop.signal.aborted) return;
      if (await this.isAvailable(store)) await this.lookAtSpace(store.name);
    }
  }

  private async isAvailable(store: Store): Promise<boolean> {
    const name = `store unavailable:${store.name}`;
    try {
      await store.check('write');
    } catch (error) {
      const failures = (this.failures.get(name) ?? 0) + 1;
      this.failures.set(name, failures);
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('store not available', { store: store.name, code, reason, next: 'it will be looked at again' });
      if (failures >= looksBeforeReport)
        await this.register.troubles.found([{ name, code, detail: { store: store.name, reason } }], actor);
      return false;
    }
    this.failures.delete(name);
    await this.register.troubles.over([name], actor);
    return true;
  }

  private async lookAtSpace(store: string): Promise<void> {
    const fullest = (await this.options.spaceOf(store)).toSorted((a, b) => percentOf(a) - percentOf(b))[0];
    if (!fullest) return;
    const [name, percent] = [`store filling up:${store}`, percentOf(fullest)];
    const { directory, freeBytes, totalBytes } = fullest;
    const detail = { store, directory, free: freeBytes.toString(), total: totalBytes.toString() };
    if (percent < this.options.freePercent) await this.register.troubles.found([{ name, detail }], actor);
    else if (percent >= this.options.freePercent + enoughAgain) await this.register.troubles.over([name], actor);
  }
}

function percentOf({ freeBytes, totalBytes }: StoreSpace): number {
  return totalBytes === 0n ? 100 : (Number(freeBytes) / Number(totalBytes)) * 100;
}
