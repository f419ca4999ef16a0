import { bagLimits, unseen } from '@coldroom/domain';
import type { Target } from './targets';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, transitionOf, passed, running, stage, statesOf } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const GiB = 1n << 30n;
const newBag = (nr: number): string => `again-${nr}`;

async function stuckIn(bag: bigint, state: 'approved' | 'copied' | 'sealed', howMany = Infinity): Promise<void> {
  const claim = await claimed(place.register, bag, state);
  await place.register.applyTransitions(
    claim,
    claim.files.slice(0, howMany).map((file) => transitionOf(file, 'fail')),
    stage,
  );
}

describe('undo', () => {
  it('is BAG_BUSY while a worker holds a bag of the fileset, and changes nothing', async () => {
    const id = await running(place.register, { 'Fileset:1': [GiB, GiB], 'Fileset:2': [GiB] });
    const [a, b, c] = (await bagsOf(place.register)) as [bigint, bigint, bigint];
    await brought(place.register, a, 'linked');
    await brought(place.register, b, 'sealed');
    const claim = await claimed(place.register, b, 'sealed', 'linker-7');
    const target: Target = { kind: 'Fileset', names: ['Fileset:1'] };
    await expect(place.register.operator.undo(target, 'boss')).rejects.toMatchObject({
      kind: 'not-yet',
      code: 'BAG_BUSY',
      message: expect.stringMatching(/r\d+-2 .*linker-7.*again/),
    });
    expect(await statesOf(place.register, id)).toEqual(['linked', 'sealed', 'approved']);
    expect(await place.register.claims.renew(claim, 1000, 0)).toBe(true);
    await place.register.claims.releaseClaim(claim);
    expect(await place.register.operator.undo(target, 'boss')).toEqual({ undoing: 2, abandoned: 0, released: 0 });
    expect(await statesOf(place.register, id)).toEqual(['undoing', 'undoing', 'approved']);
    expect((await place.register.claims.due(['undoing', 'approved'])).map((bag) => bag.bagId).sort()).toEqual([
      a,
      b,
      c,
    ]);
  });

  it('voids the claim of a worker whose lease ran out', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await brought(place.register, bag, 'sealed');
    const claim = await claimed(place.register, bag, 'sealed');
    await place.sql.query(`UPDATE bag SET lease_until = now() - interval '1 s'`);
    await place.register.operator.undo({ kind: 'Fileset', names: ['Fileset:1'] }, 'boss');
    await place.sql.query(`UPDATE bag SET lease_until = now() + interval '1 min'`); // even if the clock was set back
    await expect(
      place.register.applyTransitions(
        claim,
        claim.files.map((file) => transitionOf(file, 'link')),
        stage,
      ),
    ).rejects.toMatchObject({ code: 'CLAIM_LOST' });
  });

  it('takes whole filesets, whatever was named, and nothing else', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n], 'Fileset:2': [1n], 'Fileset:3': [1n] });
    const files = await place.register.reports.files({ requestId: id });
    const named = files.find((file) => file.fileset === 'Fileset:1')!;
    expect(await place.register.operator.undo({ kind: 'File', ids: [named.id] }, 'boss')).toMatchObject({
      abandoned: 2,
    });
    const { rows } = await place.sql.query(`SELECT image_id FROM request_image WHERE fileset = 'Fileset:2'`);
    expect(
      await place.register.operator.undo({ kind: 'Image', ids: [BigInt(rows[0].image_id)] }, 'boss'),
    ).toMatchObject({
      abandoned: 1,
    });
    expect(await statesOf(place.register, id)).toEqual(['abandoned', 'abandoned', 'abandoned', 'approved']);
    expect(await place.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss')).toMatchObject({ abandoned: 1 });
    expect(await place.register.operator.undo({ kind: 'Request', ids: [999n] }, 'boss')).toEqual({
      undoing: 0,
      abandoned: 0,
      released: 0,
    });
  });

  it('precedes all other work of its bag, and removes its mark and note when it is done', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n], 'Fileset:2': [1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await brought(place.register, bag, 'sealed');
    const linker = await claimed(place.register, bag, 'sealed');
    await place.register.applyTransitions(linker, [transitionOf(linker.files[0]!, 'link')], stage);
    await place.register.operator.undo({ kind: 'Fileset', names: ['Fileset:1'] }, 'boss');
    expect(await statesOf(place.register, id)).toEqual(['undoing', 'sealed']);
    expect(await place.register.claims.due(['undoing', 'sealed'])).toEqual([{ bagId: bag, state: 'undoing' }]);
    expect(await wanted()).toEqual(['archived', 'pending']); // until the original is back
    expect(await passed(place.register, bag, 'undoing')).toEqual([{ bagId: bag, state: 'sealed' }]);
    expect(await wanted()).toEqual(['none', 'pending']);
    const [mark] = (await place.register.marks.pending()).filter((pending) => pending.wanted === 'none');
    expect(mark).toMatchObject({ dropNote: true });
  });

  it('shortens the hold of nothing else in the same bag', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n], 'Fileset:2': [1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await stuckIn(bag, 'approved', 1);
    for (const state of ['approved', 'hashed', 'copied', 'verified'] as const) await passed(place.register, bag, state);
    const linker = await claimed(place.register, bag, 'sealed');
    await place.register.applyTransitions(
      linker,
      linker.files.map((file) => transitionOf(file, 'link')),
      { ...stage, delayMs: 3_600_000 },
    );
    expect(await place.register.operator.abandon({ kind: 'Request', ids: [id] }, 'boss')).toBe(1);
    expect(await statesOf(place.register, id)).toEqual(['abandoned', 'linked']);
    expect(await place.register.claims.due(['linked'])).toEqual([]);
  });

  it('frees the path for another request once it is undone', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await brought(place.register, bag, 'linked');
    await place.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await passed(place.register, bag, 'undoing');
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Finished' });
    await place.sql.query(
      `INSERT INTO file (request_id, fileset, root, path, display, size, identity, state)
       SELECT request_id, 'Fileset:9', root, path, display, size, identity, 'registered' FROM file`,
    );
  });
});

describe('retry', () => {
  it('packs files into new bags within the limits, for the store they were going to', async () => {
    const full = bagLimits.bytes;
    const id = await running(place.register, { 'Fileset:1': [full - 1n, full - 1n, 1n], 'Fileset:2': [1n] });
    for (const bag of await bagsOf(place.register)) await stuckIn(bag, 'approved');
    await place.sql.query(`UPDATE bag SET store = 'other' WHERE id = (SELECT min(id) FROM bag)`);
    expect(await place.register.operator.retry({ kind: 'Request', ids: [id] }, newBag, 'boss')).toBe(4);
    const { rows } = await place.sql.query(
      `SELECT name, store, state, files, bytes FROM bag WHERE name LIKE 'again-%' ORDER BY id`,
    );
    expect(rows.map((row) => [row.name, row.store, row.state, row.files, BigInt(row.bytes)])).toEqual([
      ['again-1', 'other', 'approved', 1, full - 1n],
      ['again-2', 'main', 'approved', 2, full],
      ['again-3', 'main', 'approved', 1, 1n],
    ]);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Running', stuck: 0 });
    const progress = await place.register.reports.progress(id);
    expect(progress.map((row) => [row.state, row.bags, row.files, row.bytes])).toEqual(
      expect.arrayContaining([
        ['done', 3, 0, 0n],
        ['approved', 3, 4, 2n * full],
      ]),
    );
  });

  it('forgets the old copy, and leaves the rest of the old bag as it is', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await brought(place.register, bag, 'copied');
    const claim = await claimed(place.register, bag, 'copied');
    await place.register.applyTransitions(
      claim,
      [
        { ...transitionOf(claim.files[0]!, 'fail'), copyVersion: 'old', copyDigest: 'old', copyRead: 'direct' },
        transitionOf(claim.files[1]!, 'verify'),
      ],
      stage,
    );
    await place.register.operator.retry({ kind: 'Request', ids: [id] }, newBag, 'boss');
    const [again] = (await place.register.claims.due(['approved'])).map((due) => due.bagId);
    expect((await claimed(place.register, again!, 'approved')).files).toEqual([
      expect.objectContaining({
        id: claim.files[0]!.id,
        copyVersion: null,
        copyDigest: null,
        copyRead: null,
        copyAttempts: 0,
        identity: unseen,
      }),
    ]);
    expect((await claimed(place.register, bag, 'verified')).files.map((file) => file.id)).toEqual([claim.files[1]!.id]);
  });

  it('of one file leaves the other stuck files alone', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await stuckIn(bag, 'approved');
    const [file] = await place.register.reports.files({ requestId: id });
    expect(await place.register.operator.retry({ kind: 'File', ids: [file!.id] }, newBag, 'boss')).toBe(1);
    expect(await statesOf(place.register, id)).toEqual(['approved', 'stuck']);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Error' });
  });

  it('makes bags due that waited for a file to be retried', async () => {
    const id = await running(place.register, { 'Fileset:1': [GiB, GiB] });
    const [a, b] = (await bagsOf(place.register)) as [bigint, bigint];
    await brought(place.register, a, 'sealed');
    await brought(place.register, b, 'sealed');
    await stuckIn(b, 'sealed');
    await place.register.claims.postpone(
      await claimed(place.register, a, 'sealed'),
      3_600_000,
      new Error('waits'),
      false,
    );
    await place.register.operator.retry({ kind: 'Request', ids: [id] }, newBag, 'boss');
    expect((await place.register.claims.due(['sealed'])).map((bag) => bag.bagId).sort()).toEqual([a, b]);
  });

  it('is BAG_BUSY while a worker holds the rest of the bag', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n] });
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await stuckIn(bag, 'approved', 1);
    const claim = await claimed(place.register, bag, 'approved');
    const target: Target = { kind: 'Request', ids: [id] };
    await expect(place.register.operator.retry(target, newBag, 'boss')).rejects.toMatchObject({ code: 'BAG_BUSY' });
    await expect(place.register.operator.abandon(target, 'boss')).rejects.toMatchObject({ code: 'BAG_BUSY' });
    expect(await place.register.claims.renew(claim, 1000, 0)).toBe(true);
  });
});

describe('abandon', () => {
  it('gives up the fileset with the stuck file, but leaves what is linked', async () => {
    const id = await running(place.register, { 'Fileset:1': [GiB, GiB, GiB, GiB], 'Fileset:2': [GiB] });
    const [a, b, c, d] = (await bagsOf(place.register)) as [bigint, bigint, bigint, bigint];
    await brought(place.register, a, 'linked');
    await brought(place.register, b, 'sealed');
    await brought(place.register, c, 'copied');
    await stuckIn(d, 'approved');
    expect(await place.register.operator.abandon({ kind: 'Request', ids: [id] }, 'boss')).toBe(3);
    expect(await statesOf(place.register, id)).toEqual(['linked', 'undoing', 'abandoned', 'abandoned', 'approved']);
    expect((await place.register.reports.files({ requestId: id, code: 'TROUBLE' })).map((file) => file.state)).toEqual([
      'abandoned',
    ]);
  });
});

async function wanted(): Promise<string[]> {
  const { rows } = await place.sql.query('SELECT mark_wanted FROM request_image ORDER BY image_id');
  return rows.map((row) => row.mark_wanted);
}
