import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { markerName, openRoot } from '@coldroom/files';
import type { Workbench } from '@coldroom/pipeline/testing';
import { archive, settingsOf, workbench } from './testing/archived';
import { coldroom, json, type Ended } from './testing/command-line';

let bench: Workbench;
let env: Record<string, string>;
beforeAll(async () => {
  bench = await workbench('store_rename');
  env = await settingsOf(bench);
  const stores = JSON.parse(readFileSync(env['COLDROOM_STORES']!, 'utf8')) as { stores: object };
  const { both: _both, ...plain } = stores.stores as Record<string, unknown>;
  writeFileSync(env['COLDROOM_STORES']!, JSON.stringify({ ...stores, stores: plain }));
  await archive(bench, { 'Fileset:1': [{ path: 'a', content: 'content of a' }] });
  await archive(bench, { 'Fileset:2': [{ path: 'b', content: 'content of b' }] });
});
afterAll(() => bench.close());

const rename = (...words: string[]): Promise<Ended> => coldroom(['store', 'rename', 'main', 'deep', ...words], env);
const markerOf = (): string => readFileSync(join(bench.storeDir, markerName), 'utf8');
const nameInFile = (from: string, to: string): void => {
  const file = env['COLDROOM_STORES']!;
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`"${from}"`, `"${to}"`));
};

test('a store that the stores file still names by its old name is not renamed', async () => {
  const before = markerOf();
  expect(await rename('--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('still names a store main') });
  expect([(await bench.file('a')).store, markerOf()]).toEqual(['main', before]);
});

test('while a service runs nothing is renamed', async () => {
  nameInFile('main', 'deep');
  const last = await bench.register.services.report('transfer', 60_000);
  const before = markerOf();
  const ended = await rename('--yes');
  expect([ended.code, ended.stderr]).toEqual([expect.any(Number), expect.stringContaining('transfer')]);
  expect(ended.code).not.toBe(0);
  expect([(await bench.file('a')).store, markerOf()]).toEqual(['main', before]);
  await bench.register.services.ended('transfer', last);
});

test('a store gets its new name in the register and in its marker, which keeps its id; again changes nothing', async () => {
  const { id } = await openRoot(bench.storeDir, 'main');
  expect((await rename()).code).toBe(2); // there is no one to ask
  expect(await rename('--yes')).toMatchObject({
    code: 0,
    stdout: 'Store main is now deep, with 2 bags. Start the services again.\n',
  });
  expect(await bench.file('a')).toMatchObject({ store: 'deep', state: 'linked' });
  expect(await openRoot(bench.storeDir, 'deep')).toMatchObject({ id });
  expect((await bench.register.storeHealth.contents()).map(({ store }) => store)).toEqual(['deep']);
  expect(json(await rename('--yes', '--json'))).toMatchObject({ bags: 0 });
  expect(await coldroom(['verify', 'Request:1'], env)).toMatchObject({ code: 0 });
});

test('two stores with bags do not become one', async () => {
  const client = new Client(bench.registerUrl);
  await client.connect();
  await client.query("UPDATE bag SET store = 'main' WHERE name = $1", [(await bench.file('b')).bag]);
  await client.end();
  const ended = await rename('--yes');
  expect([ended.code, ended.stderr]).toEqual([expect.any(Number), expect.stringContaining('it is another store')]);
  expect(ended.code).not.toBe(0);
  expect((await bench.file('b')).store).toBe('main');
});

test('a part of a store of several copies keeps its name, as what proves the copies there has it', async () => {
  const file = env['COLDROOM_STORES']!;
  const { stores, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as { stores: Record<string, unknown> };
  const both = { kind: 'copies', of: Object.keys(stores) };
  writeFileSync(file, JSON.stringify({ ...rest, stores: { ...stores, both } }));
  expect(await rename('--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('is a part of store both') });
});
