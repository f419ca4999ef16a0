import { createHash } from 'node:crypto';
import { importStates, nextImportState, type FilesetMade, type ImportEvent, type ImportState } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { identity } from '../testing/sample-request';
import { importSwitch, type ImportStep } from './advance';
import type { FoundFile } from './files';
import type { GroupedFiles } from './filesets';
import type { ImportClaim } from './import-claims';
import { importOrigins, type NewImportOrder } from './orders';

let fresh: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  fresh = await freshRegister();
});
afterEach(() => fresh.drop());

const plan = (change: Partial<NewImportOrder> = {}): NewImportOrder => ({
  personId: 7n,
  person: 'alice',
  groupId: 3n,
  group: 'lab',
  source: Buffer.from('/buffer/alice/run-1'),
  display: '/buffer/alice/run-1',
  target: 'Dataset:5',
  transfer: 'upload',
  options: { name: 'run 1' },
  origin: 'command',
  ...change,
});
const found = (name: string): FoundFile => ({ path: Buffer.from(name), display: name, identity: identity(100n) });
const contentOf = (word: string): string => createHash('sha256').update(word).digest('hex');
const lost = { kind: 'transient', code: 'CLAIM_LOST' };

async function* batches(...files: readonly (readonly FoundFile[])[]): AsyncGenerator<readonly FoundFile[]> {
  yield* files;
}
const ordered = async (change?: Partial<NewImportOrder>): Promise<bigint> =>
  (await fresh.register.imports.orders.order(plan(change), 'alice')).id;

async function claimed(id: bigint, leaseMs = 60_000): Promise<ImportClaim> {
  const claim = await fresh.register.imports.claims.claim(id, importStates, 'a worker', leaseMs);
  if (!claim) throw new Error(`order ${id} is not due`);
  return claim;
}
const settle = async (id: bigint, content = 'all'): Promise<{ readonly earlier?: bigint }> =>
  fresh.register.imports.files.settle(
    await claimed(id),
    contentOf(content),
    batches([found('a.tif')], [found('a.xml')]),
  );
const step = async (id: bigint, event: ImportEvent, to: ImportState, facts: Partial<ImportStep> = {}): Promise<void> =>
  fresh.register.imports.advance(await claimed(id), { event, to, ...facts });

/** An order whose files are locked, listed as one fileset, and hashed. */
async function hashed(change?: Partial<NewImportOrder>): Promise<bigint> {
  const id = await ordered(change);
  await settle(id);
  await step(id, 'lock', 'locked', { lock: 'links' });
  const paths = ['a.tif', 'a.xml'].map((name) => Buffer.from(name));
  const claim = await claimed(id);
  await fresh.register.imports.filesets.add(claim, [{ number: 1, reader: 'TiffReader', paths }], true);
  await fresh.register.imports.advance(claim, { event: 'list', to: 'listed' });
  await step(id, 'hash', 'hashed');
  return id;
}

describe('an order', () => {
  it('is recorded as it was given', async () => {
    const id = await ordered();
    expect(await fresh.register.imports.orders.get(id)).toMatchObject({
      ...plan(),
      id,
      state: 'ordered',
      orderedBy: 'alice',
    });
  });

  it('is made once for a person and a place, whoever orders how often', async () => {
    const { orders } = fresh.register.imports;
    const answers = await Promise.all(Array.from({ length: 8 }, () => orders.order(plan(), 'alice')));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await orders.order(plan({ personId: 8n, person: 'bob' }), 'bob')).toMatchObject({ isNew: true });
  });

  it('for files that were imported before is cancelled, and names the earlier one', async () => {
    const first = await hashed();
    await step(first, 'attempt', 'importing');
    await step(first, 'takeOver', 'imported');
    await step(first, 'verify', 'verified', { proven: true });
    await step(first, 'unlock', 'done');
    const again = await ordered();
    expect(again).not.toBe(first);
    expect(await settle(again)).toEqual({ earlier: first });
    expect(await fresh.register.imports.orders.get(again)).toMatchObject({
      state: 'cancelled',
      code: 'ALREADY_IMPORTED',
    });
    const more = await ordered();
    expect(await settle(more, 'one file more')).toEqual({});
    await step(more, 'cancel', 'cancelled');
    expect(await settle(await ordered({ options: { again: true } }))).toEqual({});
    expect(await fresh.register.imports.orders.get(first)).toMatchObject({ state: 'done', content: null });
  });

  it('is settled again after a crash in the middle, with the files that are there then', async () => {
    const id = await ordered();
    const claim = await claimed(id, 300);
    const breaking = async function* (): AsyncGenerator<readonly FoundFile[]> {
      yield [found('gone.tif')];
      throw new Error('killed');
    };
    await expect(fresh.register.imports.files.settle(claim, contentOf('x'), breaking())).rejects.toThrow('killed');
    await fresh.register.imports.claims.release(claim);
    await settle(id);
    const files = await fresh.register.imports.files.of(id);
    expect(files.map(({ display }) => display)).toEqual(['a.tif', 'a.xml']);
    expect(await fresh.register.imports.orders.get(id)).toMatchObject({
      state: 'settled',
      files: 2,
      bytes: 200n,
    });
  });

  it('has each file in one fileset, and no other files', async () => {
    const id = await ordered();
    await settle(id);
    await step(id, 'lock', 'locked', { lock: 'links' });
    const fileset = (number: number, ...names: string[]): GroupedFiles => ({
      number,
      reader: 'TiffReader',
      paths: names.map((name) => Buffer.from(name)),
    });
    const { filesets } = fresh.register.imports;
    for (const wrong of [[fileset(1, 'a.tif', 'b.tif')], [fileset(1, 'a.tif'), fileset(2, 'a.tif')]]) {
      const claim = await claimed(id);
      await expect(filesets.add(claim, wrong, true)).rejects.toMatchObject({ code: 'IMPORT_LIST_UNCLEAR' });
      await fresh.register.imports.claims.release(claim);
    }
    expect(await fresh.register.imports.orders.get(id)).toMatchObject({ state: 'locked' });
  });
});

describe('a claim of an order', () => {
  it('is had by one worker at a time', async () => {
    const id = await ordered();
    const { claims } = fresh.register.imports;
    const got = await Promise.all(
      Array.from({ length: 8 }, (_, nr) => claims.claim(id, ['ordered'], `w${nr}`, 60_000)),
    );
    expect(got.filter((claim) => claim !== undefined)).toHaveLength(1);
    expect(await claims.due(['ordered'])).toEqual([]);
  });

  it('that was taken over changes nothing any longer', async () => {
    const id = await ordered();
    const old = await claimed(id, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { imports } = fresh.register;
    const now = await claimed(id);
    expect(await imports.claims.renew(old, 60_000)).toBe('lost');
    await expect(imports.advance(old, { event: 'settle', to: 'settled' })).rejects.toMatchObject(lost);
    await expect(imports.files.settle(old, contentOf('x'), batches([found('a')]))).rejects.toMatchObject(lost);
    await expect(imports.attempts.begin(old, 11n)).rejects.toMatchObject(lost);
    expect(await imports.claims.postpone(old, 0, new Error('late'), true)).toBe(false);
    expect(await imports.claims.renew(now, 60_000)).toBe('renewed');
    expect(await imports.orders.get(id)).toMatchObject({ state: 'ordered', files: 0 });
  });

  it('takes only steps that the table has', async () => {
    const id = await ordered();
    const claim = await claimed(id);
    for (const to of importStates.filter((state) => !nextImportState('ordered', 'verify')?.includes(state)))
      await expect(fresh.register.imports.advance(claim, { event: 'verify', to })).rejects.toThrow(RangeError);
  });

  it('of a stuck order is not given before a person acts', async () => {
    const id = await ordered();
    await step(id, 'fail', 'stuck', { code: 'SOURCE_GONE', reason: 'nothing is there' });
    const { claims, orders } = fresh.register.imports;
    expect(await claims.due(importStates)).toEqual([]);
    expect(await orders.get(id)).toMatchObject({ state: 'stuck', stuckFrom: 'ordered', code: 'SOURCE_GONE' });
  });
});

describe('an attempt', () => {
  const made = (filesetId: bigint): FilesetMade => ({
    filesetId,
    clientPaths: [],
    images: 2,
    groupId: 3n,
  });

  it('does not begin before the last one is closed and judged', async () => {
    const id = await hashed();
    await step(id, 'attempt', 'importing');
    const { attempts } = fresh.register.imports;
    const claim = await claimed(id);
    expect(await attempts.begin(claim, 101n)).toBe(1);
    await expect(attempts.begin(claim, 102n)).rejects.toThrow(/import_attempt_open/);
    const nothing = { complete: new Map(), missing: [1], unclear: [] };
    const again = { event: 'attempt', to: 'importing' } as const;
    await expect(attempts.judged(claim, 1, nothing, again)).rejects.toThrow(RangeError);
    await attempts.closed(claim, 1, { exitCode: 0, lastLines: 'the end' });
    await attempts.closed(claim, 1, { lastLines: 'of another one' });
    expect(await fresh.register.imports.reports.attempts(id)).toMatchObject([{ exitCode: 0, lastLines: 'the end' }]);
    await expect(attempts.begin(claim, 102n)).rejects.toThrow(/import_attempt_open/);
    await attempts.judged(claim, 1, nothing, again);
    expect(await attempts.begin(await claimed(id), 102n)).toBe(2);
    expect(
      (await attempts.of(id)).map(({ number, sessionId, judgedAt }) => [number, sessionId, judgedAt !== null]),
    ).toEqual([
      [1, 101n, true],
      [2, 102n, false],
    ]);
  });

  it('gives its filesets to the order, and no fileset to two', async () => {
    const { attempts } = fresh.register.imports;
    const orders = [await hashed(), await hashed({ source: Buffer.from('/buffer/alice/run-2') })];
    for (const [at, id] of orders.entries()) {
      await step(id, 'attempt', 'importing');
      const claim = await claimed(id);
      const number = await attempts.begin(claim, BigInt(200 + at));
      await attempts.closed(claim, number);
      const judged = attempts.judged(
        claim,
        number,
        { complete: new Map([[1, made(9n)]]), missing: [], unclear: [] },
        {
          event: 'takeOver',
          to: 'imported',
        },
      );
      if (at === 0) await judged;
      else await expect(judged).rejects.toThrow(/fileset_id/);
    }
    const { rows } = await fresh.sql.query('SELECT order_id, fileset_id, images FROM import_fileset ORDER BY order_id');
    expect(rows.map(({ fileset_id, images }) => [fileset_id, images])).toEqual([
      ['9', 2],
      [null, null],
    ]);
  });
});

describe('what a person changes', () => {
  it('an order that nothing was done for is cancelled at once, and another one may follow', async () => {
    const id = await ordered();
    const { steering } = fresh.register.imports;
    expect(await steering.cancel(id, 'dora')).toEqual({ done: true, state: 'cancelled' });
    expect(await steering.cancel(id, 'dora')).toEqual({ refused: 'cancelled' });
    expect(await steering.cancel(999n, 'dora')).toEqual({ refused: undefined });
    expect(await ordered()).not.toBe(id);
  });

  it('any other order is ended by the importer: the worker that has it hears of it, and it is due at once', async () => {
    const id = await hashed();
    await step(id, 'attempt', 'importing', { delayMs: 3_600_000 });
    const { claims, steering, orders } = fresh.register.imports;
    expect(await claims.due(importStates)).toEqual([]);
    expect(await steering.cancel(id, 'dora')).toEqual({ done: false, state: 'importing' });
    expect(await claims.due([])).toEqual([id]);
    const claim = await claimed(id);
    expect(claim.order.cancelBy).toBe('dora');
    expect(await claims.renew(claim, 60_000)).toBe('cancelled');
    await fresh.register.imports.advance(claim, { event: 'takeOver', to: 'imported' });
    expect(await orders.get(id)).toMatchObject({ state: 'imported', cancelBy: null });
    expect(await steering.cancel(id, 'dora')).toEqual({ refused: 'imported' });
  });

  it('a stuck order goes on where that is safe, or is offered to be ended', async () => {
    const { claims, steering } = fresh.register.imports;
    const id = await hashed();
    expect(await steering.retry(id, 'dora')).toEqual({ refused: 'hashed' });
    await step(id, 'fail', 'stuck', { code: 'X', reason: 'x' });
    expect(await steering.retry(id, 'dora')).toEqual({ done: true, state: 'locked' });
    await step(id, 'fail', 'stuck', { code: 'X', reason: 'x' });
    expect(await steering.cancel(id, 'dora')).toEqual({ done: false, state: 'stuck' });
    expect(await steering.retry(id, 'dora')).toEqual({ refused: 'stuck' });
    expect(await claims.due([])).toEqual([id]);
    expect((await claims.claim(id, [], 'a worker', 60_000))?.order.cancelBy).toBe('dora');
  });

  it('a cancelled order is given once more, to take its names away, and not after that', async () => {
    const id = await hashed();
    await step(id, 'cancel', 'cancelled');
    const { claims, looks } = fresh.register.imports;
    expect(await looks.toRelease()).toEqual([id]);
    await looks.released(await claimed(id));
    expect(await looks.toRelease()).toEqual([]);
    expect(await claims.claim(id, ['cancelled'], 'a worker', 60_000)).toBeUndefined();
  });

  it('too many stuck orders within an hour stop all imports', async () => {
    for (const name of ['a', 'b'])
      await step(await ordered({ source: Buffer.from(`/buffer/${name}`) }), 'fail', 'stuck', {
        code: 'X',
        reason: 'x',
        errorLimit: 1,
      });
    expect(await fresh.register.switches.list()).toMatchObject([
      { name: importSwitch, stopped: true, reason: '2 imports failed within an hour; the limit is 1' },
    ]);
  });
});

it('every step is in the audit log', async () => {
  const id = await hashed();
  const { rows } = await fresh.sql.query(
    'SELECT what, from_state, to_state FROM event WHERE import_id = $1 ORDER BY id',
    [id],
  );
  expect(rows.map(({ what, from_state, to_state }) => [what, from_state, to_state])).toEqual([
    ['ordered', null, 'ordered'],
    ['settle', 'ordered', 'settled'],
    ['lock', 'settled', 'locked'],
    ['list', 'locked', 'listed'],
    ['hash', 'listed', 'hashed'],
  ]);
});

it('the tables list the states and origins that the code has', async () => {
  const listed = async (column: string): Promise<readonly string[]> => {
    const { rows } = await fresh.sql.query<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'import_order'::regclass AND conname = $1`,
      [`import_order_${column}_check`],
    );
    return [...(rows[0]?.definition ?? '').matchAll(/'([^']*)'::text/g)].map((match) => match[1] ?? '').sort();
  };
  expect(await listed('state')).toEqual([...importStates].sort());
  expect(await listed('origin')).toEqual([...importOrigins].sort());
});
