import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { bufferMarker } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import { installJavaImporter } from '@coldroom/java-importer';
import { omeroCommand, omeroPython, startOmeroServer } from '@coldroom/omero-server';
import { startService } from '@coldroom/runtime/process';
import { createUser, OmeroServer, type SampleReport } from '@coldroom/sample-omero';
import type { Layout } from '../layout';

/** A buffer, the server side of OMERO's protocol, and an importer. */
export interface ImportFacility {
  readonly buffer: string;
  /** Throws if the importer ended by itself, with its last lines. */
  check(): void;
  stop(): Promise<void>;
}

/** What `--import` needs and a machine may lack. */
export const whyNoImport = (): string | undefined =>
  omeroCommand() === undefined
    ? '--import needs OMERO\'s command: Python, and "python3 test/support/omero-server/python/install/environment.py ~/.cache/coldroom-tests"'
    : undefined;

/** The settings that every service and command needs where imports are ordered. */
export const importSettings = ({ home }: Layout): Readonly<Record<string, string>> => ({
  COLDROOM_IMPORTS: join(home, 'imports.yaml'),
  COLDROOM_IMPORT_STABLE: '2s',
});

/** The buffer with its file of settings, before any service starts. */
export async function makeBuffer(layout: Layout): Promise<string> {
  const buffer = join(layout.home, 'buffer');
  await mkdir(buffer, { recursive: true });
  await writeMarker(buffer, bufferMarker('main'));
  const yaml = `buffers:\n  main:\n    directory: ${JSON.stringify(buffer)}\n    transfers: [ln, upload]\n    remove: '0'\n`;
  await writeFile(join(layout.home, 'imports.yaml'), yaml);
  return buffer;
}

export async function startFacility(
  layout: Layout,
  buffer: string,
  omeroOwnerUrl: string,
  report: SampleReport,
  env: Readonly<Record<string, string>>,
): Promise<ImportFacility> {
  const dir = join(layout.home, 'importer');
  await mkdir(dir, { recursive: true });
  const java = installJavaImporter(dir, { databaseUrl: omeroOwnerUrl, dataDir: layout.omero, owner: 'self' });
  const server = await startOmeroServer(omeroPython()!, { dir: join(dir, 'server'), databaseUrl: omeroOwnerUrl });
  const command = join(dir, 'omero');
  const words = omeroCommand()!.map((word) => `'${word}'`);
  await writeFile(command, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
  await chmod(command, 0o755);
  const account = await importAccount(layout, omeroOwnerUrl, report);
  await mkdir(layout.logs, { recursive: true });
  const log = createWriteStream(join(layout.logs, 'importer.log'), { flags: 'a' });
  const importer = startService({
    name: 'importer',
    main: join(__dirname, '..', '..', '..', '..', 'apps', 'importer', 'dist', 'main.js'),
    env: {
      ...env,
      PATH: `${java.bin}:${process.env['PATH']}`,
      METRICS_PORT: '0',
      IMPORT_OMERO_DATABASE_URL: await importerRole(omeroOwnerUrl),
      IMPORT_OMERO_HOST: '127.0.0.1',
      IMPORT_OMERO_PORT: String(server.port),
      IMPORT_OMERO_USER: account.name,
      IMPORT_OMERO_PASSWORD: account.password,
      IMPORT_OMERO_COMMAND: command,
      IMPORT_OMERO_CLIENT_DIR: java.clientDir,
      IMPORT_STATE_DIR: join(dir, 'state'),
      IMPORT_LATE_IMAGES: '5s',
    },
    onLine: (line) => log.write(`${line}\n`),
  });
  let ended = false;
  void importer.exited.then(() => (ended = true));
  return {
    buffer,
    check: () => {
      if (ended)
        throw new Error(`the importer ended by itself. Its last lines:\n${importer.lines.slice(-5).join('\n')}`);
    },
    stop: async () => {
      await importer.stop(15_000);
      await server.stop();
    },
  };
}

/** The importer's account in OMERO: it opens sessions for the people who order. */
async function importAccount(
  { omero: dataDir }: Layout,
  databaseUrl: string,
  { groups: [group] }: SampleReport,
): Promise<{ readonly name: string; readonly password: string }> {
  const account = { name: 'coldroom', password: randomBytes(12).toString('hex') };
  const omero = await OmeroServer.open({ databaseUrl, dataDir, owner: 'self' });
  const person = { omename: account.name, firstname: 'Cold', lastname: 'Room', group: group! };
  await createUser(omero, { ...person, administrator: true, password: account.password });
  await omero.close();
  return account;
}

/** The importer's own role with the least rights, as docs/omero-import-grants.sql grants them. Returns its URL. */
async function importerRole(ownerUrl: string): Promise<string> {
  const password = randomBytes(12).toString('hex');
  const grants = await readFile(join(__dirname, '..', '..', '..', '..', 'docs', 'omero-import-grants.sql'), 'utf8');
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(grants);
    await client.query(`ALTER ROLE coldroom_importer PASSWORD '${password}'`);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.username = 'coldroom_importer';
  url.password = password;
  return url.href;
}
