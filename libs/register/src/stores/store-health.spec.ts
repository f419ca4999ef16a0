import { freshRegister } from '../testing/fresh-register';
import type { StoreLook } from './store-health';

type Fresh = Awaited<ReturnType<typeof freshRegister>>;
let fresh: Fresh;
beforeAll(async () => {
  fresh = await freshRegister();
});
afterAll(() => fresh.drop());

const groups = ['Lab of "Ada", {1}', ''];
const look = (change: Partial<StoreLook> = {}): StoreLook => ({
  name: 'main',
  kind: 'file',
  isDefault: true,
  groups,
  place: '/archive',
  price: { perTBYear: 90.5, currency: 'EUR' },
  fault: null,
  space: { directory: '/archive', freeBytes: 2n ** 62n, totalBytes: 2n ** 62n + 1n },
  ...change,
});
const away = { code: 'STORE_UNAVAILABLE', reason: 'the marker file is missing' };
const list = (): ReturnType<typeof fresh.register.storeHealth.list> => fresh.register.storeHealth.list();

test('each look replaces the last one, the default store first', async () => {
  const { storeHealth } = fresh.register;
  expect(await list()).toEqual([]);
  const tape = look({ name: 'a-tape', kind: 'copies', isDefault: false, groups: [], price: null, space: null });
  await storeHealth.record([tape, look({ namesNotKept: ['a space at the end'] })]);
  expect(await list()).toEqual([
    {
      name: 'main',
      kind: 'file',
      isDefault: true,
      groups,
      place: '/archive',
      price: { perTBYear: 90.5, currency: 'EUR' },
      fault: null,
      lookedAt: expect.any(Date),
      directory: '/archive',
      freeBytes: 2n ** 62n,
      totalBytes: 2n ** 62n + 1n,
    },
    expect.objectContaining({
      name: 'a-tape',
      groups: [],
      price: null,
      directory: null,
      freeBytes: null,
      totalBytes: null,
    }),
  ]);
  expect([...(await storeHealth.namesNotKept())].sort()).toEqual([
    ['a-tape', []],
    ['main', ['a space at the end']],
  ]);
});

test('a fault keeps the time at which it began, until the store is available', async () => {
  const { storeHealth } = fresh.register;
  await storeHealth.record([look({ fault: away, space: null })]);
  const [first] = await list();
  expect(first?.fault).toEqual({ ...away, since: first?.lookedAt });
  await storeHealth.record([look({ fault: { code: 'STORE_READ_ONLY', reason: 'read-only' }, space: null })]);
  const [second] = await list();
  expect(second?.fault).toEqual({ code: 'STORE_READ_ONLY', reason: 'read-only', since: first?.lookedAt });
  expect(second?.lookedAt.getTime()).toBeGreaterThan(first?.lookedAt.getTime() ?? 0);
  await storeHealth.record([look()]);
  expect((await list())[0]?.fault).toBeNull();
});

test('a store that is no longer configured is removed', async () => {
  await fresh.register.storeHealth.record([look(), look({ name: 'other', isDefault: false })]);
  await fresh.register.storeHealth.record([look({ name: 'other' })]);
  expect((await list()).map(({ name }) => name)).toEqual(['other']);
});
