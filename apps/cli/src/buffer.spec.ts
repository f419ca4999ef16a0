import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { bufferMarker } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';

const day = 86_400_000;
let register: Register;
let sql: pg.Pool;
let env: Record<string, string>;
let dir: string;

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_buffer', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
  dir = mkdtempSync(join(tmpdir(), 'coldroom-cli-buffer-'));
  mkdirSync(join(dir, 'main'));
  await writeMarker(join(dir, 'main'), bufferMarker('main'));
  const other = `  other:\n    directory: ${join(dir, 'unmounted')}\n`;
  writeFileSync(
    join(dir, 'imports.yml'),
    `buffers:\n  main:\n    directory: ${join(dir, 'main')}\n    shared: [all]\n${other}`,
  );
  env = { REGISTER_DATABASE_URL: url, COLDROOM_IMPORTS: join(dir, 'imports.yml'), OMERO_DATA_DIR: join(dir, 'OMERO') };
  file('alice/old/a.tif', 100, 90);
  file('alice/proven/a.tif', 2000, 90);
  file('alice/proven/b.tif', 3000, 90);
  file('alice/new.tif', 10, 1);
  file('bob/waits/a.tif', 7, 90);
  file('all/c.tif', 5, 1);
  mkdirSync(join(dir, 'main/bob/empty'));
  await order('alice/proven', 'done');
  await order('bob/waits', 'ordered');
});
afterAll(async () => {
  await sql.end();
  await register.close();
  rmSync(dir, { recursive: true });
});

function file(path: string, size: number, ageDays: number): void {
  const at = join(dir, 'main', path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, Buffer.alloc(size));
  const then = (Date.now() - ageDays * day) / 1000;
  utimesSync(at, then, then);
}

async function order(source: string, state: string): Promise<bigint> {
  const path = join(dir, 'main', source);
  const { id } = await register.imports.orders.order(
    {
      personId: 7n,
      person: source.split('/')[0] as string,
      groupId: 3n,
      group: 'lab',
      source: Buffer.from(path),
      display: path,
      target: 'Dataset:5',
      transfer: 'upload',
      options: {},
      origin: 'command',
    },
    'alice',
  );
  await sql.query(
    `UPDATE import_order SET state = $2, files = 2, bytes = 5000, proven_at = CASE WHEN $2 = 'done' THEN now() - interval '20 days' END WHERE id = $1`,
    [id, state],
  );
  return id;
}

it('shows what each person has, what is proven, and what was never imported for too long', async () => {
  const ended = await coldroom(['buffer', 'main'], env);
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stdout).toMatch(/alice +3 +4 +4\.99 KiB +4\.88 KiB +90 d ago +1\n/);
  expect(ended.stdout).toMatch(/bob +1 +1 +7 B +0 B +90 d ago +0\n/);
  expect(ended.stdout).toMatch(/\(shared\) +1 +1 +5 B +0 B .* +0\n/);
  expect(ended.stdout).toMatch(/alice\/old +100 B: changed last 90 d ago, and never imported/);
});

it('says when proven sources may go', async () => {
  const ended = await coldroom(['buffer', 'main', '--dry-run'], env);
  expect(ended.stdout).toMatch(/alice +2 +4\.88 KiB +in (39 d 23 h|40 d) .*alice\/proven\n/);
  expect(ended.stdout).not.toContain('waits');
});

it('shows names of ours that are left of an order at its end', async () => {
  const id = await order('alice/gone', 'cancelled');
  file(`.coldroom-locks/${id}/gone/a.tif`, 9, 1);
  const kept = async (): Promise<unknown> => json(await coldroom(['buffer', 'main', '--json'], env));
  expect(await kept()).toMatchObject({ buffers: [{ kept: [] }] });
  file(`.coldroom-locks/${id}-kept-17/gone/b.tif`, 9, 1);
  expect(await kept()).toMatchObject({
    buffers: [{ kept: [{ files: 1, directory: expect.stringMatching(/-kept-17$/) }] }],
  });
  rmSync(join(dir, `main/.coldroom-locks/${id}-kept-17`), { recursive: true });
  await sql.query('UPDATE import_order SET released_at = now() WHERE id = $1', [id]);
  expect(await kept()).toMatchObject({
    buffers: [{ kept: [{ files: 1, directory: expect.stringMatching(/-locks\/\d+$/) }] }],
  });
});

it('says which buffer is not mounted, and which there are', async () => {
  expect((await coldroom(['buffer'], env)).stdout).toMatch(/other: The root .*unmounted is not there/);
  expect(await coldroom(['buffer', 'none'], env)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('main, other'),
  });
});
