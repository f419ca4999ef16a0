import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settingParts } from '@coldroom/runtime';
import { composeServices, mountAt, withDefaults } from './compose-file';
import { commandsOfSteps } from './compose/ten-steps';
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

test('deploy/example.env explains every variable, and shows the value that applies otherwise', () => {
  const text = readFileSync(join(repository, 'docker-compose.yml'), 'utf8');
  const defaults = Object.fromEntries(
    [...text.matchAll(/\$\{(\w+)(?::-([^{}]*)|:\?[^{}]*)?\}/g)].map(([, name, value]) => [name, value ?? '']),
  );
  const ofCompose = { COMPOSE_PROJECT_NAME: 'coldroom', COMPOSE_PROFILES: '' };
  const example = readFileSync(join(repository, 'deploy', 'example.env'), 'utf8');
  const shown = [...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  expect(Object.fromEntries(shown)).toEqual({ ...defaults, ...ofCompose });
});

test.each<[string, readonly (keyof typeof settingParts)[]]>([
  ['console', ['console', 'proxy', 'rights']],
  ['notifier', ['mail', 'rights']],
])('each setting of %s can be given in .env', (name, needed) => {
  const given = Object.keys(services[name]?.environment ?? {}).map((key) => key.replace(/_FILE$/, ''));
  // Fixed in the image; the last one needs a mount, and so an override file.
  const others = ['CONSOLE_HOST', 'CONSOLE_PORT', 'MAIL_TEMPLATES'];
  const wanted = needed.flatMap((part) => Object.keys(settingParts[part].shape));
  expect(wanted.filter((key) => ![...given, ...others].includes(key))).toEqual([]);
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
      const { stdout, stderr } = spawnSync(process.execPath, [main], {
        env: {
          PATH: process.env['PATH'],
          MAIL_FROM: 'a@example.org',
          MAIL_ADMINS: 'a@example.org',
          ...withoutEmpty(env),
        },
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect(stderr + stdout).toContain('"event":"starting"'); // written once all settings are read
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

const withoutEmpty = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));

test('docs/install-compose.md has commands for each of its ten steps', () => {
  const page = readFileSync(join(repository, 'docs', 'install-compose.md'), 'utf8');
  const steps = commandsOfSteps(page).map(({ step }) => step);
  expect([...new Set(steps)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
