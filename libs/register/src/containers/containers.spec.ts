import type { Container } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';

let fresh: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  fresh = await freshRegister();
});
afterAll(() => fresh.drop());

const dataset = (id: bigint): Container => ({ kind: 'Dataset', id });
const content = { name: 'cells', imageIds: [1n, 2n ** 60n], code: null, reason: null };

test('a question waits until it is answered, and is answered once for everyone', async () => {
  const { containers } = fresh.register;
  await containers.ask([dataset(7n)], 60_000);
  await containers.ask([dataset(7n), { kind: 'Plate', id: 7n }], 60_000);
  expect(await containers.asked(10)).toEqual([dataset(7n), { kind: 'Plate', id: 7n }]);
  expect(await containers.answers([dataset(7n)])).toEqual([]);
  await containers.answer({ ...dataset(7n), ...content });
  expect(await containers.asked(10)).toEqual([{ kind: 'Plate', id: 7n }]);
  expect(await containers.answers([dataset(7n), { kind: 'Plate', id: 7n }])).toEqual([{ ...dataset(7n), ...content }]);
});

test('an answer is used up to its age, and then asked for again; meanwhile there is none', async () => {
  const { containers } = fresh.register;
  await containers.ask([dataset(8n)], 60_000);
  await containers.answer({ ...dataset(8n), ...content });
  await containers.ask([dataset(8n)], 60_000);
  expect(await containers.answers([dataset(8n)])).toHaveLength(1);
  await containers.ask([dataset(8n)], 0);
  expect(await containers.answers([dataset(8n)])).toEqual([]);
  expect(await containers.asked(10)).toContainEqual(dataset(8n));
});

test('what could not be read is asked for again at once', async () => {
  const { containers } = fresh.register;
  const failed = { name: null, imageIds: [], code: 'OMERO_DATABASE_UNAVAILABLE', reason: 'no answer' };
  await containers.ask([dataset(9n)], 60_000);
  await containers.answer({ ...dataset(9n), ...failed });
  expect(await containers.answers([dataset(9n)])).toEqual([{ ...dataset(9n), ...failed }]);
  await containers.ask([dataset(9n)], 60_000);
  expect(await containers.answers([dataset(9n)])).toEqual([]);
});

test('old answers are forgotten, open questions are not', async () => {
  const { containers } = fresh.register;
  await containers.ask([dataset(10n), dataset(11n)], 60_000);
  await containers.answer({ ...dataset(10n), ...content });
  await containers.forget(60_000);
  expect(await containers.answers([dataset(10n)])).toHaveLength(1);
  await containers.forget(0);
  expect(await containers.answers([dataset(10n)])).toEqual([]);
  expect(await containers.asked(10)).toContainEqual(dataset(11n));
});
