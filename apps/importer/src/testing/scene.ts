import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { installJavaImporter, type InstalledImporter } from '@coldroom/java-importer';
import { createDatabase } from '@coldroom/local';
import { ImportDatabase } from '@coldroom/omero';
import { omeroPython, startOmeroServer, type RunningOmeroServer } from '@coldroom/omero-server';
import { createGroup, createUser, OmeroServer, type SampleUser } from '@coldroom/sample-omero';
import type { OmeroSettings } from '../omero/omero-command';

const grants = join(__dirname, '../../../../docs/omero-import-grants.sql');

/**
 * A sample OMERO with its server side, OMERO's real command with a stand-in for Java, and the importer's role. `alice` is in
 * the groups `microscopy`, her default, and `second`; `admin` may open sessions.
 */
export class Scene {
  private constructor(
    readonly dir: string,
    readonly dataDir: string,
    /** With the importer's role. */
    readonly databaseLogin: string,
    readonly settings: OmeroSettings,
    readonly installed: InstalledImporter,
    readonly alice: SampleUser,
    readonly database: ImportDatabase,
    readonly client: pg.Client,
    readonly server: RunningOmeroServer,
  ) {}

  static async make(command: readonly string[]): Promise<Scene> {
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-omero-command-'));
    const databaseUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `runner_${randomUUID()}`);
    const dataDir = join(dir, 'OMERO');
    const alice = await people(databaseUrl, dataDir);
    const installed = installJavaImporter(dir, { databaseUrl, dataDir, owner: 'self' });
    const server = await startOmeroServer(omeroPython()!, { dir: join(dir, 'server'), databaseUrl });
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await makeRole(client);
    const login = new URL(databaseUrl);
    login.username = 'coldroom_importer';
    login.password = 'of a test';
    const settings: OmeroSettings = {
      command: script(dir, 'omero', `exec ${command.map((word) => `'${word}'`).join(' ')} "$@"`),
      path: `${installed.bin}:${process.env['PATH']}`,
      workDir: join(dir, 'worker'),
      host: '127.0.0.1',
      port: server.port,
      clientDir: installed.clientDir,
      silenceMs: 120_000,
    };
    const database = ImportDatabase.connect(login.href);
    return new Scene(dir, dataDir, login.href, settings, installed, alice, database, client, server);
  }

  /** Writes a source in a new directory, below a name if one is given. Its bytes are its name. */
  file(name: string, inbox = randomUUID()): string {
    const path = join(this.dir, 'inbox', inbox, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name);
    return path;
  }

  async value(sql: string, ...values: readonly unknown[]): Promise<unknown> {
    const { rows } = await this.client.query<Record<string, unknown>>(sql, [...values]);
    return Object.values(rows[0] ?? {})[0];
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.database.close();
    await this.client.end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A program of the shell, for use as a command. */
export function script(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

/** Roles belong to the whole server, which spec files share: one makes it at a time. */
async function makeRole(client: pg.Client): Promise<void> {
  const server = new pg.Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
  await server.connect();
  try {
    await server.query("SELECT pg_advisory_lock(hashtext('coldroom_importer'))");
    await client.query(readFileSync(grants, 'utf8'));
    await client.query("ALTER ROLE coldroom_importer PASSWORD 'of a test'");
  } finally {
    await server.end();
  }
}

async function people(databaseUrl: string, dataDir: string): Promise<SampleUser> {
  const omero = await OmeroServer.open({ databaseUrl, dataDir, owner: 'self' });
  const group = await createGroup(omero, 'microscopy', -40);
  await createGroup(omero, 'private-lab', -120);
  const user = { firstname: 'A', lastname: 'A', group };
  const alice = await createUser(omero, { ...user, omename: 'alice', password: 'alice' });
  await createUser(omero, { ...user, omename: 'admin', administrator: true, password: 'admin' });
  await omero.close();
  return alice;
}
