import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge } from 'prom-client';
import { codeOf, messageOf, type Store } from '@coldroom/domain';
import type { StoreLook } from '@coldroom/register';
import type { StoreSpace } from '@coldroom/stores';

const lookSeconds = new Gauge({
  name: 'coldroom_store_look_seconds',
  help: 'How long the last look at a store took, by the process that looked',
  labelNames: ['store'],
});

export type Outcome = Pick<StoreLook, 'fault' | 'space' | 'namesNotKept'>;

/**
 * Looks at stores, each for a limited time. A look that takes longer is not begun a second time: it may hang in a mount
 * and would occupy one more thread of this process each time.
 */
export class StoreLooks {
  private readonly running = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly spaceOf: (store: string) => Promise<readonly StoreSpace[]>,
    private readonly limitMs: number,
  ) {}

  async lookAt(store: Store): Promise<Outcome> {
    const running = this.running.get(store.name) ?? this.begin(store);
    const timer = new AbortController();
    const late = sleep(this.limitMs, undefined, { signal: timer.signal, ref: false }).then(
      () => silent(this.limitMs),
      () => silent(this.limitMs), // the look was faster
    );
    const outcome = await Promise.race([running, late]);
    timer.abort();
    return outcome;
  }

  private begin(store: Store): Promise<Outcome> {
    const look = this.look(store).finally(() => this.running.delete(store.name));
    this.running.set(store.name, look);
    return look;
  }

  private async look(store: Store): Promise<Outcome> {
    const timed = lookSeconds.startTimer({ store: store.name });
    try {
      await store.check('write');
      const space = fullestOf(await this.spaceOf(store.name));
      return { fault: null, space, namesNotKept: store.namesNotKept ?? [] };
    } catch (error) {
      return { fault: { code: codeOf(error), reason: messageOf(error) }, space: null };
    } finally {
      timed();
    }
  }
}

/** Free space in percent. */
export function percentOf({ freeBytes, totalBytes }: Omit<StoreSpace, 'directory'>): number {
  return totalBytes === 0n ? 100 : (Number(freeBytes) / Number(totalBytes)) * 100;
}

function fullestOf(spaces: readonly StoreSpace[]): StoreSpace | null {
  return spaces.toSorted((a, b) => percentOf(a) - percentOf(b))[0] ?? null;
}

function silent(limitMs: number): Outcome {
  return {
    fault: { code: 'STORE_UNAVAILABLE', reason: `the store does not answer within ${Math.ceil(limitMs / 1000)} s` },
    space: null,
  };
}
