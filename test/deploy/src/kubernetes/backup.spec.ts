import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings, type settingParts } from '@coldroom/runtime';
import { composeServices } from '../compose-file';
import { describeManifests } from './describe-manifests';
import { mainOf, podsOf, variablesOf, type Pod } from './manifests';
import { render } from './render';

interface Needs {
  readonly args: readonly string[];
  readonly parts: readonly (keyof typeof settingParts)[];
  readonly settings: readonly string[];
  readonly secrets: readonly string[];
  readonly mounts: Readonly<Record<string, 'read' | 'write'>>;
}

const ofBoth = ['LOG_LEVEL', 'COLDROOM_BACKUP_DIR', 'COLDROOM_BACKUP_KEEP', 'COLDROOM_BACKUP_AGE_RECIPIENT'];
const needs: Readonly<Record<string, Needs>> = {
  backup: {
    args: ['coldroom', 'backup'],
    parts: ['register', 'backup'],
    settings: [...ofBoth, 'REGISTER_DATABASE_URL_FILE', 'BACKUP_OMERO_DATABASE_URL_FILE'],
    secrets: ['register_url', 'backup_omero_url'],
    mounts: { '/run/secrets': 'read', '/backup': 'write', '/tmp': 'write' },
  },
  drill: {
    args: ['coldroom', 'drill', 'restore'],
    parts: ['register', 'omero', 'originals', 'stores', 'backup', 'drill'],
    settings: [
      ...ofBoth,
      ...['REGISTER_DATABASE_URL_FILE', 'OMERO_DATABASE_URL_FILE', 'OMERO_BIOFORMATS_VERSION'],
      ...['OMERO_DATA_DIR', 'COLDROOM_STORES', 'COLDROOM_CONCURRENCY'],
    ],
    secrets: ['register_url', 'omero_url'],
    mounts: {
      '/run/secrets': 'read',
      '/run/store-keys': 'read',
      '/OMERO': 'read',
      '/archive': 'read',
      '/etc/coldroom': 'read',
      '/backup': 'read',
      '/tmp': 'write',
    },
  },
};
/** The schedules of both are in the CronJobs. The last three need a mount, and so an overlay. */
const notGiven = [
  ...['COLDROOM_BACKUP_AT', 'COLDROOM_DRILL_EVERY'],
  ...['COLDROOM_BACKUP_BUCKET', 'COLDROOM_BACKUP_GPG_KEY', 'COLDROOM_BACKUP_IDENTITY'],
];

describeManifests('the CronJobs for backups', () => {
  const manifests = render('example-keda');
  const podOf = (name: string): Pod => podsOf(manifests).find(({ of }) => of === `CronJob ${name}`) as Pod;
  const names = Object.keys(needs);

  test.each(names)('%s has the variables, secrets and mounts that it needs, and no others', (name) => {
    const pod = podOf(name);
    const { args, settings, secrets, mounts } = needs[name] as Needs;
    const { args: found, volumeMounts = [] } = mainOf(pod);
    expect(found).toEqual(args);
    expect(Object.keys(variablesOf(pod, manifests)).sort()).toEqual([...settings].sort());
    const items = pod.spec.volumes?.find(({ name: volume }) => volume === 'secrets')?.secret?.items;
    expect(items).toEqual(secrets.map((key) => ({ key, path: key })));
    const rights = volumeMounts.map(({ mountPath, readOnly }) => [mountPath, readOnly ? 'read' : 'write']);
    expect(Object.fromEntries(rights)).toEqual(mounts);
  });

  test.each(names)('%s finds all settings that it needs, each path in one of its mounts', (name) => {
    const variables = variablesOf(podOf(name), manifests);
    const { parts, mounts } = needs[name] as Needs;
    const paths = Object.values(variables).filter((value) => value.startsWith('/'));
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !Object.keys(mounts).some((mount) => `${path}/`.startsWith(`${mount}/`)))).toEqual(
      [],
    );
    const directory = mkdtempSync(join(tmpdir(), 'coldroom-deploy-'));
    try {
      for (const [file, url] of Object.entries({ register_url: 'x', omero_url: 'y', backup_omero_url: '' }))
        writeFileSync(join(directory, file), url === '' ? '' : `postgres://${url}@127.0.0.1/x`);
      const given = Object.entries(variables).map(([key, value]) => [key, value.replace('/run/secrets', directory)]);
      const read = readSettings(parts, Object.fromEntries(given) as Record<string, string>);
      expect(read).toMatchObject({ COLDROOM_BACKUP_DIR: '/backup', REGISTER_DATABASE_URL: 'postgres://x@127.0.0.1/x' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('have the variables that the service backup of docker-compose.yml has', () => {
    const given = names.flatMap((name) => Object.keys(variablesOf(podOf(name), manifests)));
    const ofService = Object.keys(composeServices('docker-compose.yml')['backup']?.environment ?? {});
    const ofStages = 'COLDROOM_CONCURRENCY'; // in a ConfigMap with others that are needed
    expect([...new Set([...given, ...notGiven])].sort()).toEqual([...ofService, ofStages].sort());
  });
});
