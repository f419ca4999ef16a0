import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './run';

const values: Readonly<Record<string, string>> = {
  register_url: 'postgres://nobody:x@127.0.0.1:1/none',
  omero_url: 'postgres://nobody:x@127.0.0.1:1/none',
  policies_omero_url: 'postgres://nobody:x@127.0.0.1:1/none',
  import_omero_url: 'postgres://nobody:x@127.0.0.1:1/none',
  import_omero_password: 'x',
  session_secret: 'x'.repeat(40),
  smtp_url: 'smtp://127.0.0.1:1',
  backup_omero_url: '',
};

/** What a service says when it starts with these variables and secrets, and finds no server. */
export function saidAtStart(service: string, variables: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-deploy-'));
  try {
    for (const [secret, value] of Object.entries(values)) writeFileSync(join(dir, secret), value);
    const ofImage = service === 'importer' ? settingsOfImporterImage() : {};
    const given = Object.entries(variables).filter(([, value]) => value !== '');
    const { stdout, stderr } = spawnSync(process.execPath, [join(repository, 'apps', service, 'dist', 'main.js')], {
      env: {
        PATH: process.env['PATH'],
        MAIL_FROM: 'a@example.org',
        MAIL_ADMINS: 'a@example.org',
        ...ofImage,
        ...Object.fromEntries(given.map(([key, value]) => [key, value.replace('/run/secrets', dir)])),
      },
      encoding: 'utf8',
      timeout: 20_000,
    });
    return stderr + stdout;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Written once all settings are read. */
export const allSettingsFound = '"event":"starting"';

/** What the image of the importer sets: paths in the image and in its mounts. */
export function settingsOfImporterImage(): Readonly<Record<string, string>> {
  const dockerfile = readFileSync(join(repository, 'deploy', 'image', 'importer.Dockerfile'), 'utf8');
  return Object.fromEntries(
    [...dockerfile.matchAll(/\b(IMPORT_[A-Z_]+)=(\S+)/g)].map(([, key, value]) => [key, value]),
  );
}
