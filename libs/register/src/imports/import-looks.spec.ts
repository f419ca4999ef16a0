import { importStates } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { identity } from '../testing/sample-request';
import type { ImportClaim } from './import-claims';

let fresh: Awaited<ReturnType<typeof freshRegister>>;
let id: bigint;
beforeEach(async () => {
  fresh = await freshRegister();
  const order = await fresh.register.imports.orders.order(
    {
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
    },
    'alice',
  );
  id = order.id;
});
afterEach(() => fresh.drop());

const claimed = async (worker = 'a worker'): Promise<ImportClaim> =>
  (await fresh.register.imports.claims.claim(id, importStates, worker, 60_000))!;
const word = (of: string): string => of.repeat(64);

it('says for how long the looks of all workers have found the same', async () => {
  const { looks } = fresh.register.imports;
  const claim = await claimed();
  expect(await looks.found(claim, word('a'))).toBeLessThan(100);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await looks.found(claim, word('a'))).toBeGreaterThanOrEqual(200);
  expect(await looks.found(claim, word('b'))).toBeLessThan(100);
  expect(await looks.found(claim, word('a'))).toBeLessThan(100);
});

it('records nothing for a claim that is lost', async () => {
  const { claims, looks } = fresh.register.imports;
  const claim = await claimed();
  await claims.release(claim);
  await claimed('another');
  const lost = { code: 'CLAIM_LOST' };
  await expect(looks.found(claim, word('a'))).rejects.toMatchObject(lost);
  await expect(looks.identities(claim, [{ id: 1n, identity: identity(1n) }])).rejects.toMatchObject(lost);
  await expect(looks.removed(claim, [1n])).rejects.toMatchObject(lost);
  await expect(looks.released(claim)).rejects.toMatchObject(lost);
  await expect(looks.note(claim, 'import files kept', {})).rejects.toMatchObject(lost);
});

it('offers each cancelled order until its locks are taken away', async () => {
  const { imports } = fresh.register;
  const { looks } = imports;
  expect(await looks.toRelease()).toEqual([]);
  await imports.advance(await claimed(), { event: 'cancel', to: 'cancelled', code: 'CANCELLED' });
  expect(await looks.toRelease()).toEqual([id]);
  const claim = await claimed();
  expect(await looks.toRelease()).toEqual([]);
  await looks.released(claim);
  expect(await looks.toRelease()).toEqual([]);
});
