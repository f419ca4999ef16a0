import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RoundLoop, STORES } from '@coldroom/pipeline';
import { Register, type StoreLook } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import type { StoreDescription, Stores, StoreSpace } from '@coldroom/stores';
import { percentOf, StoreLooks } from './store-look';

export const STORE_WATCH = Symbol('store watch');
export interface StoreWatchOptions {
  /** Below this percentage of free space, a store is filling up. */
  readonly freePercent: number;
  /** All configured stores. */
  readonly described: readonly StoreDescription[];
  readonly spaceOf: (store: string) => Promise<readonly StoreSpace[]>;
  readonly everyMs?: number;
  /** How long one store may take to answer. */
  readonly limitMs?: number;
}

const actor = 'store watch';
const [unavailable, fillingUp] = ['store unavailable', 'store filling up'] as const;
const kinds = [unavailable, fillingUp];
const usualEveryMs = 120_000;
const usualLimitMs = 60_000;
const shutdownMs = 2000;
/** A store that only hiccups is not reported. */
const looksBeforeReport = 2;
/** A store at the limit is not reported again and again. */
const enoughAgain = 2;

/**
 * Looks at the stores from time to time, records how each was found, and reports when one is unavailable or filling up:
 * one process at a time.
 */
@Injectable()
export class StoreWatch extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'stores not watched';
  protected readonly pauseMs: number;
  private readonly failures = new Map<string, number>();
  private readonly looks: StoreLooks;

  constructor(
    private readonly register: Register,
    @Inject(STORES) private readonly stores: Stores,
    protected readonly log: Log,
    @Inject(STORE_WATCH) private readonly options: StoreWatchOptions,
  ) {
    super();
    this.pauseMs = options.everyMs ?? usualEveryMs;
    this.looks = new StoreLooks(options.spaceOf, options.limitMs ?? usualLimitMs);
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  override async beforeApplicationShutdown(): Promise<void> {
    await Promise.race([super.beforeApplicationShutdown(), sleep(shutdownMs, undefined, { ref: false })]); // a mount may hang
  }

  protected async round(): Promise<void> {
    await this.register.alone(actor, () => this.look());
  }

  private async look(): Promise<void> {
    const looks = await Promise.all(
      this.options.described.map(async (described) => ({
        ...described,
        ...(await this.looks.lookAt(this.stores.get(described.name))),
      })),
    );
    if (this.stop.signal.aborted) return;
    await this.register.storeHealth.record(looks);
    for (const look of looks) {
      await this.reportFault(look);
      await this.reportSpace(look);
    }
    await this.endOthers();
  }

  /** A store that was taken from the configuration is no trouble any longer. */
  private async endOthers(): Promise<void> {
    const known = this.options.described.map(({ name }) => name);
    for (const kind of kinds) {
      const names = (await this.register.troubles.list(kind)).map(({ name }) => name);
      await this.register.troubles.over(
        names.filter((name) => !known.includes(name.slice(kind.length + 1))),
        actor,
      );
    }
  }

  private async reportFault({ name: store, fault }: StoreLook): Promise<void> {
    const name = `${unavailable}:${store}`;
    if (fault === null) {
      this.failures.delete(name);
      await this.register.troubles.over([name], actor);
      return;
    }
    const failures = (this.failures.get(name) ?? 0) + 1;
    this.failures.set(name, failures);
    const { code, reason } = fault;
    this.log.warn('store not available', { store, code, reason, next: 'it will be looked at again' });
    if (failures >= looksBeforeReport)
      await this.register.troubles.found([{ name, code, detail: { store, reason } }], actor);
  }

  private async reportSpace({ name: store, space }: StoreLook): Promise<void> {
    if (space === null) return;
    const [name, percent] = [`${fillingUp}:${store}`, percentOf(space)];
    const { directory, freeBytes, totalBytes } = space;
    const detail = { store, directory, free: freeBytes.toString(), total: totalBytes.toString() };
    if (percent < this.options.freePercent) await this.register.troubles.found([{ name, detail }], actor);
    else if (percent >= this.options.freePercent + enoughAgain) await this.register.troubles.over([name], actor);
  }
}
