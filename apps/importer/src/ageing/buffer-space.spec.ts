import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { BufferSpace } from './buffer-space';

let register: Register;
let sql: pg.Pool;
let dir: string;
beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'buffer_space', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  sql = new pg.Pool({ connectionString: url, max: 1 });
  dir = mkdtempSync(join(tmpdir(), 'coldroom-buffer-space-'));
  for (const name of ['main', 'other']) {
    mkdirSync(join(dir, name));
    await writeMarker(join(dir, name), bufferMarker(name));
  }
});
afterAll(async () => {
  await sql.end();
  await register.close();
  rmSync(dir, { recursive: true });
});

async function look(buffers: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(buffers).map(([name, warnBelow]) => [name, { directory: join(dir, name), warnBelow }]);
  const imports = new Imports(parseImports({ buffers: Object.fromEntries(entries) }), join(dir, 'OMERO'));
  await new BufferSpace(imports, register, new Log('test', 'error'), 1000).look();
}

/** One for each mail: `trouble found main`. */
async function told(): Promise<readonly string[]> {
  const { rows } = await sql.query<{ event: string }>(
    `SELECT what || ' ' || (detail->>'buffer') AS event FROM coldroom.event WHERE what LIKE 'trouble %' ORDER BY id`,
  );
  return rows.map(({ event }) => event);
}

test('a buffer is reported once when it fills up, and once when there is space again', async () => {
  await look({ main: '999999TB', other: '0' });
  await look({ main: '999999TB', other: '0' });
  expect(await told()).toEqual(['trouble found main']);
  const [trouble] = await register.troubles.list();
  expect(trouble).toMatchObject({ name: 'buffer filling up:main', detail: { directory: join(dir, 'main') } });
  await look({ main: '0', other: '0' });
  await look({ main: '0', other: '0' });
  expect(await told()).toEqual(['trouble found main', 'trouble over main']);
  await look({ main: '999999TB', other: '0' });
  expect((await told()).at(-1)).toBe('trouble found main');
});

test('a buffer that is not mounted changes nothing, and hides no other', async () => {
  rmSync(join(dir, 'main', '.coldroom-root'));
  await look({ main: '0', other: '999999TB' });
  const names = async () => (await register.troubles.list()).map(({ name }) => name).sort();
  expect(await names()).toEqual(['buffer filling up:main', 'buffer filling up:other']);
  await look({ other: '999999TB' });
  expect(await names()).toEqual(['buffer filling up:other']);
});
