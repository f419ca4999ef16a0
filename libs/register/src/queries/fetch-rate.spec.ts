import type { WorkState } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, forward, transitionOf, passed, running, stage } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const rates = (...stores: string[]) => place.register.retrievals.rates(stores);

interface Report {
  readonly endedAgo: number;
  readonly ms: number | null;
  readonly store?: string;
  readonly bytes?: number;
}

/** What a stage reported about a bag: it worked for so many ms, and ended so many ms ago. */
async function reported(
  what: 'fetch' | 'verifyFetched',
  bag: number,
  { endedAgo, ms, store = 'main', bytes = 100 }: Report,
): Promise<void> {
  await place.sql.query(
    `INSERT INTO event (at, actor, bag_id, what, detail) VALUES ('2026-01-01'::timestamptz - $3 * interval '1 ms', 'w', $2, $1,
       jsonb_strip_nulls(jsonb_build_object('store', $4::text, 'files', 2, 'bytes', $5::bigint, 'ms', $6::bigint)))`,
    [what, bag, endedAgo, store, bytes, ms],
  );
}

describe('how fast a store delivers', () => {
  it('is not known before something was fetched from it', async () => {
    await reported('fetch', 1, { endedAgo: 0, ms: 100, store: 'other' });
    await reported('verifyFetched', 2, { endedAgo: 0, ms: 100 });
    expect(await rates('main')).toEqual([]);
    expect(await rates()).toEqual([]);
  });

  it('is computed from what the stages processed and how long they took', async () => {
    const id = await running(place.register, { 'Fileset:1': [700n, 300n] });
    const [bag] = await bagsOf(place.register);
    await brought(place.register, bag!, 'released');
    await place.register.retrievals.ask({ kind: 'Request', ids: [id] }, { way: 'restore', days: 0 }, 'boss');
    await passed(place.register, bag!, 'retrieving');
    for (const [state, tookMs] of [
      ['online', 3_600_000],
      ['fetched', 1],
    ] as const satisfies readonly (readonly [WorkState, number])[]) {
      const claim = await claimed(place.register, bag!, state);
      await place.register.applyTransitions(
        claim,
        claim.files.map((file) => transitionOf(file, forward[state])),
        { ...stage, tookMs },
      );
    }
    const [rate] = await rates('main', 'tape');
    expect(rate).toMatchObject({ store: 'main', bags: 1, files: 2, bytes: 1000n });
    expect(rate!.ms).toBeGreaterThanOrEqual(3_600_000);
    expect(rate!.ms).toBeLessThanOrEqual(3_600_001);
  });

  it('counts parallel work once, and no idle time', async () => {
    await reported('fetch', 1, { endedAgo: 9000, ms: 1000 }); // from 10 s ago to 9 s ago
    await reported('fetch', 2, { endedAgo: 8500, ms: 1000 }); // half a second more
    await reported('fetch', 3, { endedAgo: 8600, ms: 100 }); // within
    await reported('verifyFetched', 1, { endedAgo: 8000, ms: 600 }); // half a second more
    await reported('fetch', 4, { endedAgo: 1000, ms: 2000 }); // an idle time before
    expect(await rates('main')).toEqual([{ store: 'main', bags: 4, files: 8, bytes: 400n, ms: 4000 }]);
  });

  it('rests on the last 20 bags, by store, and on none whose time is unknown', async () => {
    await reported('fetch', 1, { endedAgo: 900_000, ms: 800_000 });
    for (let bag = 2; bag <= 21; bag += 1)
      await reported('fetch', bag, { endedAgo: 100_000 - bag * 1000, ms: 500, bytes: 50 });
    await reported('fetch', 50, { endedAgo: 0, ms: null });
    await reported('fetch', 60, { endedAgo: 0, ms: 10, store: 'tape' });
    expect(await rates('tape', 'main')).toEqual([
      { store: 'main', bags: 20, files: 40, bytes: 1000n, ms: 10_000 },
      { store: 'tape', bags: 1, files: 2, bytes: 100n, ms: 10 },
    ]);
  });
});
