import { setTimeout as sleep } from 'node:timers/promises';
import { Register } from '../register';
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

test('a service works while it has a session, or has just reported and did not end', async () => {
  const { services } = fresh.register;
  await fresh.sql.query('DELETE FROM service_report');
  const last = await services.report('linker', 60_000);
  await services.report('scanner', 86_400_000);
  await fresh.sql.query(
    `UPDATE service_report SET reported_at = now() - interval '3 minutes' WHERE service = 'scanner'`,
  );
  expect(await services.working()).toEqual(['linker']);
  await services.ended('linker', last);
  expect(await services.working()).toEqual([]);
  for (const name of ['coldroom transfer', 'coldroom cli']) {
    const other = new Register(fresh.url, { applicationName: name });
    await other.reports.clock();
    expect(await services.working()).toEqual(name === 'coldroom cli' ? [] : ['transfer']);
    await other.close();
    await gone(name);
  }
});

/** The server ends a session a moment after its client. */
async function gone(name: string): Promise<void> {
  const here = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1';
  while ((await fresh.sql.query(here, [name])).rowCount) await sleep(10);
}
