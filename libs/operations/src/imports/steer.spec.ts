import type { ImportState } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import type { Role } from '../rights/rights';
import { freshRegister } from '../testing/fresh-register';
import { showImport } from './show';
import { cancelImport, retryImport } from './steer';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('import_steer');
});
afterAll(() => register.close());

const as = (name: string, personId: bigint | null, roles: Role[], leads: bigint[] = []): Reviewer => ({
  register,
  actor: { name, personId, roles, leads },
  policy: { leadersDecide: false, fourEyes: false },
});
const alice = (): Reviewer => as('alice', 7n, ['researcher']);
const leader = (): Reviewer => as('lea', 8n, ['researcher', 'leader'], [3n]);

let count = 0;
async function ordered(): Promise<bigint> {
  const path = `/buffer/alice/${(count += 1)}`;
  const { id } = await register.imports.orders.order(
    {
      personId: 7n,
      person: 'alice',
      groupId: 3n,
      group: 'lab',
      source: Buffer.from(path),
      display: path,
      target: 'Dataset:5',
      transfer: 'upload',
      options: {},
      origin: 'command',
    },
    'alice',
  );
  return id;
}

async function stuck(): Promise<bigint> {
  const id = await ordered();
  const claim = await register.imports.claims.claim(id, ['ordered'], 'w', 60_000);
  await register.imports.advance(claim!, { event: 'fail', to: 'stuck', code: 'X', reason: 'because' });
  return id;
}
const stateOf = async (id: bigint): Promise<ImportState | undefined> => (await register.imports.orders.get(id))?.state;
const refused = (code: string) => ({ kind: 'refused', code });

it('cancels an order on which nothing was done at once, and only once', async () => {
  const id = await ordered();
  expect(await cancelImport(alice(), id)).toEqual({ id, state: 'cancelled', done: true });
  expect((await showImport(alice(), id)).permitted).toEqual([]);
  await expect(cancelImport(alice(), id)).rejects.toMatchObject(refused('IMPORT_NOT_CANCELLABLE'));
});

it('leaves the end of what runs to the importer, and offers nothing meanwhile', async () => {
  const id = await ordered();
  await register.imports.claims.claim(id, ['ordered'], 'w', 60_000);
  expect(await cancelImport(alice(), id)).toEqual({ id, state: 'ordered', done: false });
  expect(await stateOf(id)).toBe('ordered');
  expect(await showImport(alice(), id)).toMatchObject({ order: { cancelBy: 'alice' }, permitted: [] });
});

it('tries a stuck order again', async () => {
  const id = await stuck();
  expect((await showImport(alice(), id)).permitted).toEqual(['retryImport', 'cancelImport']);
  expect(await retryImport(alice(), id)).toEqual({ id, state: 'ordered', done: true });
  await expect(retryImport(alice(), id)).rejects.toMatchObject(refused('IMPORT_NOT_STUCK'));
});

it('does not try again what is being cancelled', async () => {
  const id = await stuck();
  await cancelImport(alice(), id);
  await expect(retryImport(alice(), id)).rejects.toMatchObject(refused('IMPORT_NOT_STUCK'));
});

it('is for the person, managers and administrators', async () => {
  const id = await stuck();
  for (const steer of [retryImport, cancelImport]) {
    await expect(steer(leader(), id)).rejects.toMatchObject(refused('NOT_PERMITTED'));
    await expect(steer(as('ada', 9n, ['auditor']), id)).rejects.toMatchObject(refused('NOT_PERMITTED'));
    await expect(steer(as('olga', 9n, ['researcher']), id)).rejects.toMatchObject(refused('NO_SUCH_IMPORT'));
    await expect(steer(alice(), 999_999n)).rejects.toMatchObject(refused('NO_SUCH_IMPORT'));
  }
  expect(await stateOf(id)).toBe('stuck');
  expect(await retryImport(as('token:x', null, ['manager']), id)).toMatchObject({ state: 'ordered' });
});
