import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';

let register: Register;
let env: Record<string, string>;
let dir: string;

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_pull', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  dir = mkdtempSync(join(tmpdir(), 'coldroom-cli-pull-'));
  const instrument = (name: string) =>
    `  ${name}:\n    from: /mnt/${name}\n    sets: "{login}/{name}"\n    into: { buffer: main, directory: "{login}/${name}/{name}" }\n`;
  writeFileSync(
    join(dir, 'imports.yml'),
    `buffers:\n  main:\n    directory: /buffer\ninstruments:\n${instrument('confocal')}${instrument('wide')}`,
  );
  env = { REGISTER_DATABASE_URL: url, COLDROOM_IMPORTS: join(dir, 'imports.yml'), OMERO_DATA_DIR: join(dir, 'OMERO') };
});
afterAll(async () => {
  await register.close();
  rmSync(dir, { recursive: true });
});

const set = (display: string) => ({
  instrument: 'confocal',
  path: Buffer.from(display),
  display,
  look: 'a',
  files: 3,
  bytes: 4096n,
});

it('shows all instruments, also those without a round so far', async () => {
  const { pulls } = register.imports;
  await pulls.begin('confocal', 60_000);
  await pulls.seen(set('alice/day 1'));
  await pulls.seen(set('alice/day 2'));
  await pulls.seen(set('alice/day 3'));
  await pulls.arrived(set('alice/day 1'), '/buffer/alice/confocal/day 1', 'importer');
  await pulls.refused(
    set('alice/day 2'),
    { code: 'PULL_TARGET_TAKEN', reason: 'it exists', login: 'alice' },
    'importer',
  );
  await pulls.end('confocal', 'PULL_UNREACHABLE: it is off');
  const ended = await coldroom(['pull'], env);
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/confocal +\/mnt\/confocal +main +10 min.* ago +1 +1 +1/);
  expect(ended.stdout).toMatch(/wide .*never +0 +0 +0/);
  expect(ended.stdout).toContain('confocal: PULL_UNREACHABLE: it is off');
});

it('shows the sets of one, first those that wait for a person', async () => {
  const ended = await coldroom(['pull', 'confocal'], env);
  expect(ended.stdout).toMatch(
    /alice\/day 3 .*unchanged for[^]*alice\/day 1 .*arrived .* ago: \/buffer\/alice\/confocal\/day 1/,
  );
  expect(ended.stdout).toContain('  PULL_TARGET_TAKEN: it exists');
  const { sets } = json<{ sets: readonly object[] }>(
    await coldroom(['pull', 'confocal', '--limit', '1', '--json'], env),
  );
  expect(sets).toHaveLength(1);
});

it('has the importer begin a round at once', async () => {
  expect(await register.imports.pulls.begin('confocal', 3_600_000)).toBe(false);
  const ended = await coldroom(['pull', 'confocal', '--now', '--by', 'ada'], env);
  expect(ended).toMatchObject({ code: 0 });
  expect(await register.imports.pulls.begin('confocal', 3_600_000)).toBe(true);
});

it('refuses an instrument that there is not, and --now without one', async () => {
  expect(await coldroom(['pull', 'none'], env)).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/no instrument "none"; the imports file has: confocal, wide/),
  });
  expect(await coldroom(['pull', '--now'], env)).toMatchObject({ code: 2 });
});

it('lists sets of watched buffers that cannot be ordered', async () => {
  const { watched } = register.imports;
  expect((await coldroom(['imports', 'faults'], env)).stdout).toMatch(/No set/);
  await watched.seen(Buffer.from('/buffer/alice/x'), '/buffer/alice/x', 'a');
  const fault = { look: 'a', code: 'IMPORT_MANIFEST_INVALID', reason: 'no target', login: 'alice' };
  await watched.refused(Buffer.from('/buffer/alice/x'), fault, 'importer');
  expect((await coldroom(['imports', 'faults'], env)).stdout).toMatch(
    /\/buffer\/alice\/x +unchanged for .*\n +IMPORT_MANIFEST_INVALID: no target/,
  );
});
