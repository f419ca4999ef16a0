import { setTimeout as pause } from 'node:timers/promises';
import { NotYet, Transient } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, transitionOf, passed, running, stage } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  place = await freshRegister({ max: 10 });
});
afterAll(() => place.drop());

/** The bag of a new request with one fileset. */
async function newBag(sizes: readonly bigint[] = [1n, 1n]): Promise<bigint> {
  const before = new Set(await bagsOf(place.register));
  await running(place.register, { 'Fileset:1': sizes });
  const bag = (await bagsOf(place.register)).find((id) => !before.has(id));
  if (bag === undefined) throw new Error('no bag was made');
  return bag;
}

async function bagRow(id: bigint): Promise<{
  attempts: number;
  waiting: boolean;
  note: string | null;
  fence: string;
  done_bytes: string;
  due: boolean;
}> {
  const { rows } = await place.sql.query(
    'SELECT attempts, waiting_since IS NOT NULL AS waiting, note, fence, done_bytes, not_before <= now() AS due FROM bag WHERE id = $1',
    [id],
  );
  return rows[0];
}

describe('claim', () => {
  it('is won by exactly one of two workers, fifty times over', async () => {
    const { register } = place;
    const bags = await Promise.all(
      Array.from({ length: 50 }, async (_, nr) => {
        const id = await running(register, { [`Fileset:${nr}`]: [1n] });
        const { rows } = await place.sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1', [id]);
        return BigInt((rows[0] as { id: string }).id);
      }),
    );
    const rounds = await Promise.all(
      bags.map((bag) =>
        Promise.all(['a', 'b'].map((worker) => register.claims.claim(bag, ['approved'], worker, 60_000))),
      ),
    );
    for (const claims of rounds) expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    const { rows } = await place.sql.query('SELECT DISTINCT fence FROM bag WHERE id = ANY($1)', [bags]);
    expect(rows).toEqual([{ fence: '1' }]);
  });

  it('is not given in another state, before its time, or if there is no such bag', async () => {
    const bag = await newBag();
    expect(await place.register.claims.claim(bag, ['sealed', 'linked'], 'w', 1000)).toBeUndefined();
    expect(await place.register.claims.claim(999_999n, ['approved'], 'w', 1000)).toBeUndefined();
    const claim = await claimed(place.register, bag, 'approved');
    await place.register.claims.postpone(claim, 60_000, new NotYet('SOON', 'not yet'), false);
    expect(await place.register.claims.claim(bag, ['approved'], 'w', 1000)).toBeUndefined();
    expect((await place.register.claims.due(['approved'])).map((due) => due.bagId)).not.toContain(bag);
  });

  it('goes to the next worker when the lease ran out; the old one changes nothing more', async () => {
    const bag = await newBag();
    const old = await place.register.claims.claim(bag, ['approved'], 'w1', 30);
    if (!old) throw new Error('not claimed');
    expect((await place.register.claims.due(['approved'])).map((due) => due.bagId)).not.toContain(bag);
    await pause(60);
    expect((await place.register.claims.due(['approved'])).map((due) => due.bagId)).toContain(bag);
    // It ran out and was not taken by another worker: still void for transitions and renewals.
    await expect(place.register.applyTransitions(old, [], stage)).rejects.toMatchObject({
      kind: 'transient',
      code: 'CLAIM_LOST',
    });
    expect(await place.register.claims.renew(old, 60_000, 1)).toBe(false);

    const now = await claimed(place.register, bag, 'approved', 'w1'); // same worker name: only the fence differs
    expect(now.fence).toBe(old.fence + 1n);
    await expect(
      place.register.applyTransitions(
        old,
        old.files.map((file) => transitionOf(file, 'hash')),
        stage,
      ),
    ).rejects.toMatchObject({ code: 'CLAIM_LOST' });
    expect(await place.register.claims.renew(old, 60_000, 1)).toBe(false);
    expect(await place.register.claims.postpone(old, 0, new Error('late'), true)).toBe(false);
    await place.register.claims.releaseClaim(old);
    expect(await bagRow(bag)).toMatchObject({ attempts: 0, note: null, fence: String(now.fence) });
    expect((await place.register.claims.filesOf(bag, 'approved')).map((file) => file.state)).toEqual([
      'approved',
      'approved',
    ]);
    expect(await place.register.claims.renew(now, 60_000, 5)).toBe(true);
    expect(await bagRow(bag)).toMatchObject({ done_bytes: '5' });
    await place.register.applyTransitions(
      now,
      now.files.map((file) => transitionOf(file, 'hash')),
      stage,
    );
  });

  it('is given back as it was', async () => {
    const bag = await newBag();
    const claim = await claimed(place.register, bag, 'approved');
    await place.register.claims.releaseClaim(claim);
    expect(await bagRow(bag)).toMatchObject({ attempts: 0, waiting: false, note: null, due: true });
    expect((await claimed(place.register, bag, 'approved', 'w2')).fence).toBe(claim.fence + 1n);
  });
});

describe('postpone', () => {
  it('does not count waiting without a deadline, and starts counting again after it', async () => {
    const bag = await newBag();
    const { claims } = place.register;
    await claims.postpone(await claimed(place.register, bag, 'approved'), 0, new NotYet('AMBER', 'amber'), false);
    await claims.postpone(
      await claimed(place.register, bag, 'approved'),
      0,
      new NotYet('STOPPED', 'stopped', { noDeadline: true }),
      false,
    );
    expect((await claimed(place.register, bag, 'approved')).waitingSince).toBeNull();
  });

  it('counts and records an attempt', async () => {
    const bag = await newBag();
    const claim = await claimed(place.register, bag, 'approved');
    expect(
      await place.register.claims.postpone(claim, 0, new Transient('STORE_UNAVAILABLE', 'gone fishing'), true),
    ).toBe(true);
    expect(await bagRow(bag)).toMatchObject({ attempts: 1, waiting: false, note: 'gone fishing', due: true });
    expect((await claimed(place.register, bag, 'approved')).attempts).toBe(1);
    expect((await place.register.reports.events({ requestId: claim.requestId }))[0]).toMatchObject({
      what: 'attempt failed',
      code: 'STORE_UNAVAILABLE',
      from: 'approved',
      to: 'approved',
      detail: { message: 'gone fishing', attempt: 1 },
    });
  });

  it('of what is only too early counts nothing, and records since when it waits', async () => {
    const bag = await newBag();
    await place.register.claims.postpone(
      await claimed(place.register, bag, 'approved'),
      0,
      new NotYet('AMBER', 'amber'),
      false,
    );
    const second = await claimed(place.register, bag, 'approved');
    expect(second).toMatchObject({ attempts: 0, waitingSince: expect.any(Date) });
    await pause(5);
    await place.register.claims.postpone(second, 0, new NotYet('AMBER', 'amber'), false);
    const third = await claimed(place.register, bag, 'approved');
    expect(third.waitingSince).toEqual(second.waitingSince);
    await place.register.applyTransitions(
      third,
      third.files.map((file) => transitionOf(file, 'hash')),
      stage,
    );
    expect(await bagRow(bag)).toMatchObject({ waiting: false, attempts: 0, note: null });
  });

  it('accepts anything that was thrown', async () => {
    const bag = await newBag();
    await place.register.claims.postpone(await claimed(place.register, bag, 'approved'), 0, 'just text', true);
    expect(await bagRow(bag)).toMatchObject({ note: 'just text', attempts: 1 });
  });
});

describe('due', () => {
  it('gives the oldest first, of the states asked for, up to the limit', async () => {
    const bags = [await newBag(), await newBag(), await newBag()];
    await passed(place.register, bags[1] as bigint, 'approved');
    await place.sql.query(`UPDATE bag SET not_before = now() - id * interval '1 day' WHERE id = ANY($1)`, [bags]);
    const [first, second, third] = bags;
    expect(await place.register.claims.due(['approved', 'hashed'], 3)).toEqual([
      { bagId: third, state: 'approved' },
      { bagId: second, state: 'hashed' },
      { bagId: first, state: 'approved' },
    ]);
    expect(await place.register.claims.due(['approved'], 1)).toEqual([{ bagId: third, state: 'approved' }]);
    expect(await place.register.claims.due([])).toEqual([]);
  });
});

describe('completeFilesets', () => {
  it('names filesets only when every file that was taken is durable or beyond', async () => {
    const { register } = place;
    const id = await running(register, { 'Fileset:a': [1n << 30n, 1n << 30n], 'Fileset:b': [1n] });
    const { rows } = await place.sql.query<{ id: string; fileset: string }>(
      'SELECT id, fileset FROM file WHERE request_id = $1 ORDER BY id',
      [id],
    );
    const complete = async (): Promise<string[]> =>
      [...(await register.claims.completeFilesets(id, ['Fileset:a', 'Fileset:b', 'Fileset:none']))].sort();
    const put = (nr: number, state: string): Promise<unknown> =>
      place.sql.query(
        `UPDATE file SET state = $2, code = 'X', released_at = now(), stuck_from = CASE WHEN $2 = 'stuck' THEN 'sealed' END WHERE id = $1`,
        [rows[nr]?.id, state],
      );
    expect(await complete()).toEqual([]);
    await put(2, 'sealed');
    expect(await complete()).toEqual(['Fileset:b']);
    await put(0, 'sealed');
    for (const state of ['approved', 'verified', 'stuck', 'undoing', 'undone', 'abandoned', 'declined', 'registered']) {
      await put(1, state);
      expect(await complete()).toEqual(['Fileset:b']);
    }
    for (const state of ['sealed', 'linked', 'released', 'skipped']) {
      await put(1, state);
      expect(await complete()).toEqual(['Fileset:a', 'Fileset:b']);
    }
    await put(0, 'skipped'); // nothing was taken at all: there is no permission to touch anything
    expect(await complete()).toEqual(['Fileset:b']);
  });
});

it('lists the images of a fileset for its description', async () => {
  const id = await running(place.register, { 'Fileset:1': [1n], 'Fileset:2': [1n] });
  const images = await place.register.claims.imagesOf(id, ['Fileset:1', 'Fileset:2', 'Fileset:3']);
  expect([...images.keys()].sort()).toEqual(['Fileset:1', 'Fileset:2']);
  expect(images.get('Fileset:1')).toEqual([expect.any(BigInt)]);
});

it('gives all files of a bag in a state to any caller', async () => {
  const bag = await newBag();
  await brought(place.register, bag, 'sealed');
  expect(await place.register.claims.filesOf(bag, 'sealed')).toHaveLength(2);
  expect(await place.register.claims.filesOf(bag, 'approved')).toEqual([]);
});
