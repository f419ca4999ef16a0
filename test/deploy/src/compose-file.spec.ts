import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingParts } from '@coldroom/runtime';
import { composeServices, mountAt, withDefaults } from './compose-file';
import { commandsOfBackupPage } from './compose/backup-page';
import { commandsOfSteps } from './compose/ten-steps';
import { cell, documentedPaths, documentedRights } from './rights-table';
import { repository } from './run';
import { allSettingsFound, saidAtStart, settingsOfImporterImage } from './starts';

const services = composeServices('docker-compose.yml');
const ours = Object.entries(services).filter(([, { user }]) => user !== undefined);

test('docs/security.md says what each service of docker-compose.yml may reach', () => {
  const found = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      [
        ...documentedPaths.map((path) => mountAt(service, path) ?? '–'),
        cell(service.secrets ?? []),
        cell(service.networks ?? []),
        cell((service.ports ?? []).map((port) => `\`${/\$\{(\w+)/.exec(port)?.[1]}\``)),
      ],
    ]),
  );
  expect(documentedRights()).toEqual(found);
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
  ['notifier', ['mail', 'rights', 'backupAge']],
  ['backup', ['backup', 'drill']],
  ['importer', ['imports', 'importWatch', 'importer']],
])('each setting of %s can be given in .env', (name, needed) => {
  const given = Object.keys(services[name]?.environment ?? {}).map((key) => key.replace(/_FILE$/, ''));
  // Fixed in the image; the others need a mount, and so an override file.
  const ofImage = name === 'importer' ? Object.keys(settingsOfImporterImage()) : [];
  const others = [...ofImage, 'CONSOLE_HOST', 'CONSOLE_PORT', 'MAIL_TEMPLATES', 'COLDROOM_DRILL_DATABASE_URL'];
  const wanted = needed.flatMap((part) => Object.keys(settingParts[part].shape));
  expect(wanted.filter((key) => ![...given, ...others].includes(key))).toEqual([]);
});

test.each(ours.filter(([, { command }]) => command !== undefined && !command.includes('migrate')))(
  '%s finds all settings that it needs',
  (name, service) => {
    const variables = Object.entries(service.environment ?? {}).map(([key, value]) => [
      key,
      withDefaults(String(value)),
    ]);
    if (name === 'importer') variables.push(['COLDROOM_IMPORTS', '/etc/coldroom/imports.yaml']);
    expect(saidAtStart(name, Object.fromEntries(variables) as Record<string, string>)).toContain(allSettingsFound);
  },
);

test('docs/install-compose.md has commands for each of its ten steps', () => {
  const page = readFileSync(join(repository, 'docs', 'install-compose.md'), 'utf8');
  const steps = commandsOfSteps(page).map(({ step }) => step);
  expect([...new Set(steps)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

/** `npm run test:compose` carries these out: what the page says in another form would be left out. */
test.each<['As a service' | 'Restore the register', readonly RegExp[]]>([
  ['As a service', [/^mkdir/, /^echo/, / build /, /--prepare$/, /coldroom backup$/, / up -d$/, /drill restore$/]],
  [
    'Restore the register',
    [
      ...[/^ls/, /sha256sum -c/, /compose stop/, /up -d --wait register$/, /createdb/, /pg_restore/],
      ...[/RENAME TO coldroom_lost/, /RENAME TO coldroom'$/, /migrate$/, /DELETE FROM coldroom.session/],
      ...[/rebuild --restored --dry-run$/, /rebuild --restored$/, /stop --reason/, / up -d$/],
      ...[/audit$/, /resume$/, /verify --all$/],
    ],
  ],
])('docs/backup-and-restore.md has each command of "%s" for the containers', (heading, expected) => {
  expect(commandsOfBackupPage(heading)).toEqual(expected.map((each) => expect.stringMatching(each)));
});
