import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, running } from '../testing/sample-request';

const repository = join(__dirname, '..', '..', '..', '..');
const read = (...path: readonly string[]): string => readFileSync(join(repository, ...path), 'utf8');

let place: Awaited<ReturnType<typeof freshRegister>>;
let keda: pg.Client;
beforeAll(async () => {
  place = await freshRegister();
  const grants = read('docs', 'keda-grants.sql');
  for (const _ of ['once', 'and again']) await place.sql.query(grants);
  await place.sql.query(`ALTER ROLE coldroom_keda PASSWORD 'of a test'`);
  const url = new URL(place.url);
  url.username = 'coldroom_keda';
  url.password = 'of a test';
  keda = new pg.Client({ connectionString: url.href });
  await keda.connect();
});
afterAll(async () => {
  await keda.end();
  await place.sql.query('DROP OWNED BY coldroom_keda');
  await place.drop();
});

const queryOf = (service: string): string => /query: (.+)/.exec(read('k8s', 'keda', `${service}.yaml`))?.[1] ?? '';

test("KEDA's queries count the bags that wait, and nothing is no error", async () => {
  const counts = async () =>
    Promise.all(['checksum', 'transfer'].map(async (service) => (await keda.query(queryOf(service))).rows[0]?.sum));
  expect(await counts()).toEqual([0, 0]);
  await running(place.register, { 'Fileset:1': [1n] });
  expect(await counts()).toEqual([1, 0]);
  const [bag] = await bagsOf(place.register);
  await brought(place.register, bag as bigint, 'hashed');
  expect(await counts()).toEqual([0, 1]);
});

test("KEDA's role may read the counts, and nothing else of the register", async () => {
  const { rows } = await place.sql.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'coldroom' ORDER BY 1`,
  );
  const tables = rows.map(({ name }) => name);
  expect(tables).toEqual(expect.arrayContaining(['backlog', 'bag', 'file', 'person', 'session']));
  const readable: string[] = [];
  for (const name of tables)
    await keda.query(`SELECT count(*) FROM coldroom.${name}`).then(
      () => readable.push(name),
      (error: { code?: string }) => expect([name, error.code]).toEqual([name, '42501']),
    );
  expect(readable).toEqual(['backlog']);
  await expect(keda.query('CREATE TABLE coldroom.mine (a int)')).rejects.toMatchObject({ code: '42501' });
});
