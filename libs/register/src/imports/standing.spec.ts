import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { importStates, type FilesetMade, type ImportState } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { identity } from '../testing/sample-request';
import type { FoundFile } from './files';
import type { ImportClaim } from './import-claims';
import type { NewImportOrder } from './orders';

let fresh: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  fresh = await freshRegister();
});
afterEach(() => fresh.drop());

const plan: NewImportOrder = {
  personId: 7n,
  person: 'alice',
  groupId: 3n,
  group: 'lab',
  source: Buffer.from('/buffer/alice/run-1'),
  display: '/buffer/alice/run-1',
  target: 'Dataset:5',
  transfer: 'upload',
  options: {},
  origin: 'command',
};
const again = { options: { again: true } };
const ordered = async (change: Partial<NewImportOrder> = {}): Promise<bigint> =>
  (await fresh.register.imports.orders.order({ ...plan, ...change }, 'alice')).id;
const stateOf = async (id: bigint): Promise<unknown> => (await fresh.register.imports.orders.get(id))!.state;
const contentOf = async (id: bigint): Promise<unknown> => (await fresh.register.imports.orders.get(id))!.content;
const hex = (word: string): string => createHash('sha256').update(word).digest('hex');

async function claimed(id: bigint): Promise<ImportClaim> {
  await fresh.sql.query('UPDATE import_order SET not_before = now() WHERE id = $1', [id]);
  return (await fresh.register.imports.claims.claim(id, importStates, 'a worker', 60_000))!;
}
async function settle(id: bigint, content = 'all', name: string | Buffer = 'a.tif'): Promise<unknown> {
  const file: FoundFile = { path: Buffer.from(name), display: 'a.tif', identity: identity(100n) };
  const files = (async function* () {
    yield [file];
  })();
  return fresh.register.imports.files.settle(await claimed(id), hex(content), files);
}
/** As no step of the table leads there so quickly. */
const put = async (id: bigint, state: ImportState): Promise<void> =>
  void (await fresh.sql.query(`UPDATE import_order SET state = $2, proven_at = now() WHERE id = $1`, [id, state]));
const cancel = async (id: bigint): Promise<void> =>
  fresh.register.imports.advance(await claimed(id), { event: 'cancel', to: 'cancelled', code: 'CANCELLED' });

async function done(): Promise<bigint> {
  const id = await ordered();
  await settle(id);
  await put(id, 'done');
  return id;
}

describe('the content of a set that is ordered once more with --again', () => {
  it.each(['settled', 'ordered again'])(
    'belongs to the earlier order again if this one is cancelled while %s',
    async (when) => {
      const first = await done();
      const second = await ordered(again);
      await settle(second);
      expect(await contentOf(first)).toBeNull();
      if (when === 'settled') await cancel(second);
      else {
        await fresh.register.imports.advance(await claimed(second), { event: 'changed', to: 'ordered' });
        await fresh.register.imports.steering.cancel(second, 'alice');
      }
      expect(await stateOf(second)).toBe('cancelled');
      expect(await contentOf(first)).toBe(hex('all'));
      expect(await settle(await ordered())).toEqual({ earlier: first });
    },
  );

  it('belongs to the earlier order until this one is settled', async () => {
    const first = await done();
    const claim = await claimed(await ordered(again));
    const breaking = (async function* (): AsyncGenerator<readonly FoundFile[]> {
      yield await Promise.reject(new Error('killed'));
    })();
    await expect(fresh.register.imports.files.settle(claim, hex('all'), breaking)).rejects.toThrow('killed');
    expect(await contentOf(first)).toBe(hex('all'));
  });

  it('belongs to the earlier order again if this one is settled with another', async () => {
    const first = await done();
    const second = await ordered(again);
    await settle(second);
    await fresh.register.imports.advance(await claimed(second), { event: 'changed', to: 'ordered' });
    await settle(second, 'one more');
    expect([await contentOf(first), await contentOf(second)]).toEqual([hex('all'), hex('one more')]);
  });
});

describe('a cancelled order of which OMERO has filesets', () => {
  const made = (filesetId: bigint): FilesetMade => ({ filesetId, clientPaths: [], images: 2, groupId: 3n });

  async function cancelledWith(complete: readonly bigint[], unclear: readonly bigint[]): Promise<bigint> {
    const id = await ordered();
    await settle(id);
    await put(id, 'locked');
    const paths = [Buffer.from('a.tif')];
    await fresh.register.imports.filesets.add(await claimed(id), [{ number: 1, reader: 'TiffReader', paths }], true);
    await fresh.sql.query('UPDATE import_order SET claimed_by = NULL, lease_until = NULL');
    await put(id, 'importing');
    const result = { complete: new Map(complete.map((filesetId) => [1, made(filesetId)])), missing: [], unclear };
    const step = { event: 'cancel', to: 'cancelled', code: 'CANCELLED', reason: 'x' } as const;
    await fresh.register.imports.attempts.judged(await claimed(id), undefined, result, step);
    return id;
  }

  it.each([
    ['a complete one', [9n], []],
    ['parts', [], [9n]],
  ])('stands for its content: %s', async (_what, complete, unclear) => {
    const first = await cancelledWith(complete, unclear);
    const second = await ordered();
    expect(await settle(second)).toEqual({ earlier: first });
    expect(await fresh.register.imports.orders.get(second)).toMatchObject({
      state: 'cancelled',
      code: 'ALREADY_IMPORTED',
      reason: expect.stringMatching(/was cancelled, and OMERO has Fileset:9 of it; .* --again/),
    });
    const third = await ordered(again);
    expect(await settle(third)).toEqual({});
    expect(await stateOf(third)).toBe('settled');
  });

  it('does not, if OMERO has nothing of it', async () => {
    await cancelledWith([], []);
    expect(await settle(await ordered())).toEqual({});
  });
});

it('an order is made after all if the one that was in its way ends at this moment', async () => {
  const first = await ordered();
  const client = await fresh.sql.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM import_order WHERE id = $1 FOR UPDATE', [first]);
    const second = ordered();
    await sleep(300); // it waits for the row by now
    await client.query(`UPDATE import_order SET state = 'cancelled', code = 'CANCELLED' WHERE id = $1`, [first]);
    await client.query('COMMIT');
    expect(await second).not.toBe(first);
  } finally {
    client.release();
  }
});

it('paths of files may be as long as the system allows', async () => {
  const id = await ordered();
  const long = randomBytes(2000).toString('hex');
  await settle(id, 'all', long);
  await put(id, 'locked');
  const paths = [Buffer.from(long)];
  await fresh.register.imports.filesets.add(await claimed(id), [{ number: 1, reader: 'TiffReader', paths }], true);
  expect((await fresh.register.imports.files.of(id))[0]).toMatchObject({ path: paths[0], fileset: 1 });
});
