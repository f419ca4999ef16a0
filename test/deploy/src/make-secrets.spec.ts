import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(__dirname, '../../../deploy/make-secrets.sh');
const names = [
  'backup_omero_url',
  'grafana_password',
  'import_omero_password',
  'import_omero_url',
  'omero_url',
  'policies_omero_url',
  'register_password',
  'register_url',
  'session_secret',
  'smtp_url',
] as const;
type Name = (typeof names)[number];

let place: string;
let secrets: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'coldroom-secrets-'));
  secrets = join(place, 'secrets');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** As a person with the usual umask runs it. */
const run = (env: Readonly<Record<string, string>> = {}) =>
  spawnSync('sh', ['-c', 'umask 022; exec sh "$0" "$1"', script, secrets], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
const read = (name: Name): string => readFileSync(join(secrets, name), 'utf8');
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test('makes all files in a directory that only its owner can enter', () => {
  expect(run()).toMatchObject({ status: 0, stdout: `${secrets} is complete\n`, stderr: '' });
  expect(modeOf(secrets)).toBe('700');
  expect(readdirSync(secrets).sort()).toEqual(names);
  for (const name of names) expect(modeOf(join(secrets, name))).toBe('644');
});

test('passwords have 48 random digits, and the register has one password in both files', () => {
  run();
  const [password] = read('register_password').split('\n');
  expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(read('register_url')).toBe(`postgres://coldroom:${password}@register:5432/coldroom\n`);
  expect(read('omero_url')).toMatch(/^postgres:\/\/coldroom_scanner:[0-9a-f]{48}@database:5432\/postgres\n$/);
  const made = [password, read('session_secret').trim(), read('grafana_password').trim(), read('omero_url')];
  made.push(read('policies_omero_url'), read('import_omero_url'), read('import_omero_password'));
  expect(new Set(made).size).toBe(made.length);
  expect(read('policies_omero_url')).toMatch(/^postgres:\/\/coldroom_policies:[0-9a-f]{48}@database:5432\/postgres\n$/);
  expect(read('import_omero_url')).toMatch(/^postgres:\/\/coldroom_importer:[0-9a-f]{48}@database:5432\/postgres\n$/);
  expect(read('import_omero_password')).toMatch(/^[0-9a-f]{48}\n$/);
  expect(read('smtp_url')).toBe('\n');
  expect(read('backup_omero_url')).toBe('\n');
});

test('names the host and the database of OMERO that the environment names', () => {
  run({ OMERO_DATABASE_HOST: 'pg.example.org', OMERO_DATABASE_NAME: 'omero' });
  expect(read('omero_url')).toMatch(/@pg\.example\.org:5432\/omero\n$/);
});

test('what is there stays as it is, and a second run changes nothing', () => {
  mkdirSync(secrets, { mode: 0o700 });
  writeFileSync(join(secrets, 'omero_url'), 'postgres://mine\n', { mode: 0o600 });
  writeFileSync(join(secrets, 'session_secret'), '');
  run();
  expect([read('omero_url'), read('session_secret')]).toEqual(['postgres://mine\n', '']);
  const before = names.map(read);
  expect(run().status).toBe(0);
  expect(names.map(read)).toEqual(before);
});

test('a run that was cut short is completed, with the password that the register already has', () => {
  run();
  const password = read('register_password');
  rmSync(join(secrets, 'register_url'));
  rmSync(join(secrets, 'grafana_password'));
  expect(run().status).toBe(0);
  expect(read('register_url')).toContain(`:${password.trim()}@`);
  expect(readdirSync(secrets).sort()).toEqual(names);
});

test('what a killed run left of a file is made again', () => {
  mkdirSync(secrets, { mode: 0o700 });
  writeFileSync(join(secrets, '.register_password.new'), 'half');
  expect(run().status).toBe(0);
  expect(read('register_password')).toMatch(/^[0-9a-f]{48}\n$/);
  expect(readdirSync(secrets).sort()).toEqual(names);
});

test.each(['755', '750', '710', '701', '1777', '2750'])(
  'a directory of mode %s is refused, and nothing is written',
  (mode) => {
    mkdirSync(secrets);
    chmodSync(secrets, Number.parseInt(mode, 8));
    expect(run()).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(`chmod 0700 ${secrets}`) });
    expect(readdirSync(secrets)).toEqual([]);
    chmodSync(secrets, 0o700);
    expect(run().status).toBe(0);
  },
);

test('a closed directory whose group is inherited is accepted', () => {
  mkdirSync(secrets);
  chmodSync(secrets, 0o2700);
  expect(run()).toMatchObject({ status: 0, stderr: '' });
});

const scripts = execFileSync('git', ['ls-files', '*.sh', '.ci/run'], {
  cwd: join(__dirname, '../../..'),
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const missing = spawnSync('shellcheck', ['--version']).error !== undefined;
if (missing)
  process.stderr.write(
    'SKIPPED: shellcheck on shell scripts: it is not installed (Debian: apt-get install shellcheck)\n',
  );

(missing ? test.skip : test).each(scripts)('shellcheck finds nothing in %s', (name) => {
  const { stdout } = spawnSync('shellcheck', [name], { cwd: join(__dirname, '../../..'), encoding: 'utf8' });
  expect(stdout).toBe('');
});
