import { freshRegister } from '../testing/fresh-register';
import { running } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
  await running(place.register, { a: [1n] });
});
afterEach(() => place.drop());

const stopped = async (): Promise<readonly (readonly [string, string | null])[]> =>
  (await place.register.switches.list())
    .filter((each) => each.stopped)
    .map(({ name, reason }) => [name, reason] as const);
const rename = (): Promise<number> => place.register.renameStore('main', 'deep', 'boss');

test('a store that is stopped stays so under its new name', async () => {
  await place.register.switches.stop('store:main', 'the disks make noises', 'ada');
  await place.register.switches.stop('store:deep', 'an earlier store of that name', 'ada');
  await place.register.switches.resume('store:deep', 'ada');
  expect(await rename()).toBe(1);
  expect(await stopped()).toEqual([['store:deep', 'the disks make noises']]);
  await place.register.switches.resume('store:deep', 'ada');
  expect(await stopped()).toEqual([]);
});

test('a new name that is stopped stays so, whatever the old one was', async () => {
  await place.register.switches.stop('store:deep', 'it is not ready', 'ada');
  expect(await rename()).toBe(1);
  expect(await stopped()).toEqual([['store:deep', 'it is not ready']]);
});

test('again changes nothing, also where the store has only bags that were moved from it', async () => {
  const renamings = async (): Promise<unknown> =>
    (await place.sql.query("SELECT count(*)::int AS count FROM event WHERE what = 'store renamed'")).rows[0].count;
  await place.sql.query("UPDATE bag SET store = 'tape', moved_from = 'main'");
  expect([await rename(), await renamings()]).toEqual([0, 1]);
  expect([await rename(), await renamings()]).toEqual([0, 1]);
  expect((await place.sql.query('SELECT store, moved_from FROM bag')).rows).toEqual([
    { store: 'tape', moved_from: 'deep' },
  ]);
  await expect(place.register.renameStore('unknown', 'other', 'boss')).rejects.toMatchObject({ code: 'STORE_UNKNOWN' });
});

test('a store that all bags have left is not merged into one with bags', async () => {
  const marker = (id: string): string =>
    `INSERT INTO store_marker (store, part_of, id, place) VALUES ('${id}', '{}', '${id}-id', 'x')`;
  for (const store of ['main', 'deep']) await place.sql.query(marker(store));
  await place.sql.query("UPDATE bag SET store = 'deep'");
  await expect(rename()).rejects.toMatchObject({ code: 'STORE_IN_USE' });
  await place.sql.query("DELETE FROM store_marker WHERE store = 'main'");
  await place.sql.query("UPDATE bag SET moved_from = 'main'");
  await expect(rename()).rejects.toMatchObject({ code: 'STORE_IN_USE' });
  expect((await place.sql.query('SELECT store, id FROM store_marker')).rows).toEqual([
    { store: 'deep', id: 'deep-id' },
  ]);
});
