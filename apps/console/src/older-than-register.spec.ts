import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { startConsole } from './testing/console-process';
import { RunningConsole } from './testing/running-console';

let running: RunningConsole;
let register: Client;
beforeAll(async () => {
  running = await RunningConsole.start('older_than_register');
  register = new Client({ connectionString: running.settings.registerUrl });
  await register.connect();
});
afterAll(async () => {
  await register.end();
  await running.stop();
});

test('a service does not start beside a register that a newer version has migrated, and says so once', async () => {
  const { rows: before } = await register.query('SELECT * FROM coldroom.service_report');
  await register.query(`INSERT INTO coldroom.migration (name, run_on) VALUES ('9999_newer', now())`);
  const ended = await startConsole(running).catch((error: unknown) => String(error));
  const said = String(ended).match(/"cannot start".*/g) ?? [];
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/"REGISTER_NEWER".*newer version of Coldroom \(9999_newer\).*run the newer version here/);
  expect((await register.query('SELECT * FROM coldroom.service_report')).rows).toEqual(before);
});

test('a service beside a register that lacks the newest change makes it, and starts', async () => {
  await register.query(`DELETE FROM coldroom.migration WHERE name = '9999_newer'`);
  const newest = async (): Promise<unknown> =>
    (await register.query('SELECT name FROM coldroom.migration ORDER BY name DESC LIMIT 1')).rows[0];
  const before = await newest();
  await runner({
    databaseUrl: running.settings.registerUrl,
    dir: join(__dirname, '../../../libs/register/migrations'),
    direction: 'down',
    count: 1,
    migrationsTable: 'migration',
    schema: 'coldroom',
    log: () => undefined,
  });
  expect(await newest()).not.toEqual(before);
  const service = await startConsole(running);
  await service.stop(10_000);
  expect(await newest()).toEqual(before);
});
