import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '@coldroom/runtime';
import { composeServices, mountAt, withDefaults } from './compose-file';
import { repository } from './run';

const services = composeServices('docker-compose.yml');
const ours = Object.entries(services).filter(([, { user }]) => user !== undefined);

/** The rows of the table in docs/security.md, by service. */
function documented(): Readonly<Record<string, readonly string[]>> {
  const rows = readFileSync(join(repository, 'docs', 'security.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .filter(([name]) => name !== 'service' && name !== '---');
  return Object.fromEntries(rows.map(([name = '', ...cells]) => [name, cells]));
}

const cell = (words: readonly string[]): string => (words.length === 0 ? '–' : words.join(', '));

test('docs/security.md says what each service of docker-compose.yml may reach', () => {
  const found = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      [
        ...['/OMERO', '/OMERO/.coldroom', '/archive'].map((path) => mountAt(service, path) ?? '–'),
        cell(service.secrets ?? []),
        cell(service.networks ?? []),
        cell((service.ports ?? []).map((port) => `\`${/\$\{(\w+)/.exec(port)?.[1]}\``)),
      ],
    ]),
  );
  expect(documented()).toEqual(found);
});

test.each(ours)('%s has no rights beyond those of its user', (_name, service) => {
  expect(service).toMatchObject({
    user: '${COLDROOM_UID:-1000}:${COLDROOM_GID:-1000}',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
  expect(service.privileged).toBeUndefined();
});

test('nothing is reachable from other machines unless a setting says so', () => {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports.map(withDefaults));
  const tls = ['80:80', '443:443']; // in the profile of this name
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual(tls);
});

test('deploy/example.env explains every variable, and has no other', () => {
  const used = new Set(
    [readFileSync(join(repository, 'docker-compose.yml'), 'utf8')].flatMap((text) =>
      [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string),
    ),
  );
  used.delete('OMERO_IS_EXTERNAL'); // of deploy/omero-sample.yml
  const explained = [...readFileSync(join(repository, 'deploy', 'example.env'), 'utf8').matchAll(/^#?([A-Z_]+)=/gm)];
  const ofCompose = ['COMPOSE_PROJECT_NAME', 'COMPOSE_PROFILES'];
  expect(
    explained
      .map(([, name]) => name)
      .filter((name) => !ofCompose.includes(name as string))
      .sort(),
  ).toEqual([...used].sort());
});

const values: Readonly<Record<string, string>> = {
  register_url: 'postgres://nobody:x@127.0.0.1:1/none',
  omero_url: 'postgres://nobody:x@127.0.0.1:1/none',
  session_secret: 'x'.repeat(40),
  smtp_url: 'smtp://127.0.0.1:1',
};

test.each(ours.filter(([, { command }]) => command !== undefined && !command.includes('migrate')))(
  '%s finds all settings that it needs',
  (name, service) => {
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-deploy-'));
    try {
      for (const [secret, value] of Object.entries(values)) writeFileSync(join(dir, secret), value);
      const env = Object.fromEntries(
        Object.entries(service.environment ?? {}).map(([key, value]) => [
          key,
          withDefaults(String(value)).replace('/run/secrets', dir),
        ]),
      );
      const main = join(repository, 'apps', name, 'dist', 'main.js');
      const { status, stderr } = spawnSync(process.execPath, [main], {
        env: {
          PATH: process.env['PATH'],
          MAIL_FROM: 'a@example.org',
          MAIL_ADMINS: 'a@example.org',
          ...withoutEmpty(env),
        },
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect([status === exitCodes.settings, stderr]).toEqual([
        false,
        expect.not.stringContaining('settings are invalid'),
      ]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

const withoutEmpty = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
