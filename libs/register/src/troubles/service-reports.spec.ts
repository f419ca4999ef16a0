import { freshRegister } from '../testing/fresh-register';

let fresh: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  fresh = await freshRegister();
});
afterAll(() => fresh.drop());

test('a service that gets on with its work reports once in that time, however many steps it takes', async () => {
  const { services } = fresh.register;
  const reported = async () => (await services.list()).find(({ service }) => service === 'scanner')?.reportedAt;
  await services.advanced('scanner', 60_000);
  const first = await reported();
  expect(first).toBeInstanceOf(Date);
  for (let step = 0; step < 5; step += 1) await services.advanced('scanner', 60_000);
  expect(await reported()).toEqual(first);
  await services.advanced('scanner', 0);
  expect((await reported())!.getTime()).toBeGreaterThan(first!.getTime());
});

test('a report that failed is made at the next step', async () => {
  const { services } = fresh.register;
  await fresh.sql.query('ALTER TABLE service_report RENAME TO away');
  try {
    await expect(services.advanced('linker')).rejects.toThrow();
  } finally {
    await fresh.sql.query('ALTER TABLE away RENAME TO service_report');
  }
  await services.advanced('linker');
  expect(await services.list()).toContainEqual(expect.objectContaining({ service: 'linker' }));
});

test('a process that ended with its work is not missed, unless another one has reported since', async () => {
  const { services } = fresh.register;
  const silent = async () => (await services.silent(-60_000)).map(({ service }) => service);
  const first = await services.report('transfer', 1);
  const second = await services.report('transfer', 1);
  await services.ended('transfer', first);
  expect(await silent()).toContain('transfer');
  await services.ended('transfer', second);
  expect(await silent()).not.toContain('transfer');
  await services.report('transfer', 1);
  expect(await silent()).toContain('transfer');
});
