import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bufferMarker } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { migrate, Register, type ImportPreview } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';

let register: Register;
let env: Record<string, string>;
let dir: string;
const at = (...names: string[]): string => join(dir, 'buffer', ...names);

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_import', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  const someone = { fullName: 'Someone', email: null, active: true, administrator: false, withheld: [] };
  await register.people.mirror({
    people: [{ ...someone, id: 7n, login: 'alice' }],
    groups: [{ id: 3n, name: 'lab' }],
    memberships: [{ groupId: 3n, personId: 7n, leader: false }],
  });
  dir = mkdtempSync(join(tmpdir(), 'coldroom-cli-import-'));
  mkdirSync(at('alice'), { recursive: true });
  for (const name of ['a.tif', 'b.tif', '-x =y.tif', 'c.tif', 'd.tif', 'e.tif', 'f.tif', 'g.tif'])
    writeFileSync(at('alice', name), name);
  await writeMarker(at(), bufferMarker('main'));
  writeFileSync(join(dir, 'imports.yml'), `buffers:\n  main:\n    directory: ${at()}\n    transfers: [upload, ln]\n`);
  env = {
    REGISTER_DATABASE_URL: url,
    COLDROOM_IMPORTS: join(dir, 'imports.yml'),
    OMERO_DATA_DIR: join(dir, 'OMERO'),
  };
});
afterAll(async () => {
  await register.close();
  rmSync(dir, { recursive: true });
});

const target = ['--target', 'Dataset:5', '--as', 'alice'];
const ids = async (): Promise<readonly bigint[]> => (await register.imports.orders.list()).map(({ id }) => id);

interface Listed {
  readonly imports: readonly Record<string, unknown>[];
}

it('orders each path, with all that the options say', async () => {
  const ended = await coldroom(
    [
      'import',
      at('alice', 'a.tif'),
      at('alice', '-x =y.tif'),
      ...target,
      ...['--transfer', 'ln', '--name', 'n', '--description', 'd', '--again', '--by', 'ada', '--json'],
      ...['--annotate', 'Stain=DAPI', '--annotate', 'Note = a=b'],
    ],
    env,
  );
  expect(ended).toMatchObject({ code: 0 });
  expect(json<Listed>(ended).imports).toEqual([
    expect.objectContaining({
      isNew: true,
      person: 'alice',
      group: 'lab',
      display: at('alice', 'a.tif'),
      target: 'Dataset:5',
      transfer: 'ln',
      orderedBy: 'ada',
      options: {
        name: 'n',
        description: 'd',
        annotations: [
          ['Stain', 'DAPI'],
          ['Note', 'a=b'],
        ],
        again: true,
      },
    }),
    expect.objectContaining({ display: at('alice', '-x =y.tif') }),
  ]);
  expect(ended.stdout).not.toContain('"source"');
});

it('answers with the order that there is', async () => {
  const ended = await coldroom(['import', at('alice', 'a.tif'), '--target', 'Dataset:6', '--as', 'alice'], env);
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/is ordered already, into Dataset:5/) });
});

it('orders nothing if one of the paths cannot be ordered', async () => {
  const before = await ids();
  const ended = await coldroom(['import', at('alice', 'b.tif'), at('alice', 'none'), ...target], env);
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing is at') });
  expect(await ids()).toEqual(before);
});

it.each<[number, string, string[]]>([
  [2, 'needs a path', target],
  [2, 'needs --target', ['a.tif', '--as', 'alice']],
  [2, 'no transfer', ['a.tif', ...target, '--transfer', 'ln_rm']],
  [2, 'takes paths', ['a.tif', '--csv', 'x.csv']],
  [1, 'No person is named', ['b.tif', '--target', 'Dataset:5']],
  [1, 'Dataset:ID', ['b.tif', '--target', 'Image:5', '--as', 'alice']],
  [1, 'no OMERO user', ['b.tif', '--target', 'Dataset:5', '--as', 'nobody']],
  [12, 'does not allow the transfer ln_s', ['b.tif', ...target, '--transfer', 'ln_s']],
  [1, 'is in no buffer', ['/etc/hostname', ...target]],
])('ends with %s and says "%s"', async (code, message, words) => {
  const before = await ids();
  const named = words.map((word) => (word.endsWith('.tif') ? at('alice', word) : word));
  expect(await coldroom(['import', ...named], env)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  expect(await ids()).toEqual(before);
});

it('needs the imports file', async () => {
  const { COLDROOM_IMPORTS: _, ...rest } = env;
  expect(await coldroom(['import', at('alice', 'b.tif'), ...target], rest)).toMatchObject({
    code: 10,
    stderr: expect.stringContaining('COLDROOM_IMPORTS is not set'),
  });
});

/** Does what the importer does when it is asked. */
async function answerNext(preview: Partial<ImportPreview>): Promise<void> {
  let source: Buffer | undefined;
  for (let tries = 0; source === undefined && tries < 100; tries += 1) {
    source = await register.imports.previews.take('importer', 60_000);
    if (!source) await sleep(50);
  }
  const nothing = { files: 0, bytes: 0n, filesetCount: 0, filesets: [], refusedCount: 0, refused: [] };
  await register.imports.previews.answer(source!, 'importer', {
    preview: { ...nothing, ...preview },
    code: null,
    reason: null,
  });
}

it('shows with --dry-run what the importer would make of it, and orders nothing', async () => {
  const before = await ids();
  const ended = coldroom(['import', at('alice', 'b.tif'), ...target, '--dry-run'], env);
  await answerNext({
    files: 3,
    bytes: 2048n,
    filesetCount: 1,
    filesets: [{ reader: 'TiffReader', files: 2, name: 'b.tif' }],
    refusedCount: 1,
    refused: [{ name: 'b.txt', code: 'IMPORT_LEFT_OUT' }],
  });
  expect(await ended).toMatchObject({ code: 3, stderr: expect.stringContaining('looking at') });
  expect((await ended).stdout.split('\n').map((line) => line.trim())).toEqual([
    `${at('alice', 'b.tif')}: for alice in lab, into Dataset:5, by upload, from the buffer main`,
    '1 fileset, 3 files, 2.00 KiB',
    'b.tif  2 files  TiffReader',
    'Would not be imported: 1 file',
    'IMPORT_LEFT_OUT: b.txt',
    '',
  ]);
  expect(await ids()).toEqual(before);
});

it('waits with --wait until the orders are at their end', async () => {
  const ended = coldroom(['import', at('alice', 'c.tif'), ...target, '--wait', '--json'], env);
  let order: bigint | undefined;
  for (let tries = 0; order === undefined && tries < 100; tries += 1) {
    order = (await register.imports.orders.list()).find(({ display }) => display.endsWith('c.tif'))?.id;
    if (order === undefined) await sleep(50);
  }
  await sleep(700);
  const claim = await register.imports.claims.claim(order!, ['ordered'], 'importer', 60_000);
  await register.imports.advance(claim!, { event: 'fail', to: 'stuck', code: 'IMPORT_NOTHING_FOUND', reason: 'no' });
  expect(await ended).toMatchObject({ code: 1 });
  expect(json<Listed>(await ended).imports).toEqual([
    expect.objectContaining({ state: 'stuck', code: 'IMPORT_NOTHING_FOUND' }),
  ]);
  const shown = await coldroom(['imports', 'show', String(order)], env);
  expect(shown.stdout).toMatch(/State +stuck from ordered/);
  expect(shown.stdout).toContain('Why       IMPORT_NOTHING_FOUND: no');
  expect(shown.stdout).toContain(`coldroom imports retry ${order}`);
});

it('orders the rows of a table, or none of them', async () => {
  const path = join(dir, 'rows.csv');
  writeFileSync(
    path,
    `path,target,name,annotate:Stain\nbuffer/alice/d.tif,Dataset:5,=1+1,GFP\nbuffer/alice/none,Dataset:5,,\n`,
  );
  const pairs = ['--annotate', 'Stain=DAPI', '--annotate', 'Day=1'];
  const before = (await ids()).length;
  const bad = await coldroom(['import', '--csv', path, '--as', 'alice'], env);
  expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('line 3: Nothing is at') });
  expect(await ids()).toHaveLength(before);
  const ended = await coldroom(['import', '--csv', path, '--as', 'alice', '--skip-bad', '--json', ...pairs], env);
  expect(ended).toMatchObject({ code: 3 });
  expect(json(ended)).toMatchObject({ rows: 2, ordered: 1, faultCount: 1 });
  expect((await register.imports.orders.list())[0]).toMatchObject({
    origin: 'bulk',
    options: {
      name: '=1+1',
      annotations: [
        ['Stain', 'GFP'],
        ['Day', '1'],
      ],
    },
  });
});

it('lists orders, newest first', async () => {
  const listed = await coldroom(['imports', 'list', '--state', 'stuck'], env);
  expect(listed.stdout).toMatch(/stuck +alice +lab +Dataset:5.*IMPORT_NOTHING_FOUND/);
  const all = json<Listed & { counts: Record<string, number> }>(await coldroom(['imports', 'list', '--json'], env));
  expect(all.imports.map(({ id }) => BigInt(id as string))).toEqual(await ids());
  expect(all.counts).toMatchObject({ stuck: 1 });
  expect(await coldroom(['imports', 'show', '999'], env)).toMatchObject({ code: 4 });
  expect((await coldroom(['imports', 'list', '--state', 'verified'], env)).stdout).toBe('No imports.\n');
});

it('shows what the importer said last, without signs that a terminal obeys', async () => {
  const [order] = await register.imports.reports.list({ states: ['ordered'] });
  const claim = await register.imports.claims.claim(order!.id, ['ordered'], 'importer', 60_000);
  const { attempts } = register.imports;
  await attempts.closed(claim!, await attempts.begin(claim!, 7n), { exitCode: 1, lastLines: 'one\ntwo \u009b2J' });
  await register.imports.claims.release(claim!);
  const { stdout } = await coldroom(['imports', 'show', String(order!.id)], env);
  expect(stdout).toMatch(/said last, in attempt 1\n +one\n +two /);
  expect(stdout).not.toContain('\u009b');
});

it('tries a stuck import again, and cancels one', async () => {
  const [stuck] = await register.imports.reports.list({ states: ['stuck'] });
  const id = String(stuck!.id);
  expect(await coldroom(['imports', 'retry', id, '--by', 'ada'], env)).toMatchObject({
    code: 0,
    stdout: `Import ${id}: ordered\n`,
  });
  expect(await coldroom(['imports', 'retry', id], env)).toMatchObject({ code: 1 });
  expect(await coldroom(['imports', 'cancel', id], env)).toMatchObject({ code: 2 }); // there is no one to ask
  expect((await register.imports.orders.get(stuck!.id))?.state).toBe('ordered');
  expect(await coldroom(['imports', 'cancel', id, '--yes', '--by', 'ada'], env)).toMatchObject({
    code: 0,
    stdout: `Import ${id}: cancelled\n`,
  });
  expect((await coldroom(['imports', 'show', id], env)).stdout).toMatch(/retry +by ada/);
  expect(await coldroom(['imports', 'cancel', '999', '--yes'], env)).toMatchObject({ code: 4 });
  expect(await coldroom(['imports', 'cancel', 'x', '--yes'], env)).toMatchObject({ code: 2 });
});
