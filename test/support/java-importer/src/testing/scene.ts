import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { createDatabase } from '@coldroom/local';
import { createGroup, createUser, OmeroServer, type SampleUser } from '@coldroom/sample-omero';
import { installJavaImporter, openSession, type InstalledImporter } from '../index';
import type { Settings } from '../settings';

export interface Ended {
  /** Undefined for a process that was killed. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A sample OMERO with one user, who has a group of her own choice and a second one, and the importer installed. */
export class Scene {
  key = '';
  private inbox = '';

  private constructor(
    readonly dir: string,
    readonly databaseUrl: string,
    readonly client: Client,
    readonly installed: InstalledImporter,
    readonly alice: SampleUser,
    private readonly listener: Server,
  ) {}

  static async make(bioFormats?: Settings['bioFormats']): Promise<Scene> {
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-java-importer-'));
    const databaseUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `importer_${randomUUID()}`);
    const dataDir = join(dir, 'OMERO');
    const omero = await OmeroServer.open({ databaseUrl, dataDir, owner: 'self' });
    const group = await createGroup(omero, 'microscopy', -40);
    const alice = await createUser(omero, {
      omename: 'alice',
      firstname: 'A',
      lastname: 'A',
      group,
      password: 'alice',
    });
    const admin = { omename: 'admin', firstname: 'A', lastname: 'D', group, administrator: true, password: 'admin' };
    await createUser(omero, admin);
    await createGroup(omero, 'private-lab', -120);
    await omero.close();
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const installed = installJavaImporter(dir, {
      databaseUrl,
      dataDir,
      owner: 'self',
      ...(bioFormats ? { bioFormats } : {}),
    });
    const listener = createServer((socket) => void socket.destroy());
    await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
    return new Scene(dir, databaseUrl, client, installed, alice, listener);
  }

  /** An empty directory for sources, a session of its own, and an importer that behaves. */
  async fresh(): Promise<void> {
    this.inbox = join(this.dir, 'inbox', randomUUID());
    mkdirSync(this.inbox, { recursive: true });
    this.installed.misbehave();
    this.key = await openSession(this.databaseUrl, { omename: 'alice', group: 'microscopy' });
  }

  path(name: string): string {
    return join(this.inbox, name);
  }

  /** Writes a source. Its bytes are its name if none are given. */
  file(name: string, content = name): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** As omero-py starts it once it has joined a session. */
  import(words: readonly string[], input = ''): Ended {
    return this.java(this.importWords(words), input);
  }

  importWords(words: readonly string[]): readonly string[] {
    const jar = join(this.installed.clientDir, 'omero-blitz.jar');
    return [
      ...['-Dlog4j.configuration=etc/log4j.xml', '-Xmx1024M', '-cp', jar, '-Domero.import.depth=4'],
      ...['-Djava.awt.headless=true', 'ome.formats.importer.cli.CommandLineImporter'],
      ...['-s', '127.0.0.1', '-p', String(this.port), '-k', this.key, ...words],
    ];
  }

  /** Any words for `java`. */
  java(words: readonly string[], input = ''): Ended {
    const options = { encoding: 'utf8', input, timeout: 40_000, killSignal: 'SIGKILL' } as const;
    const { status, stdout, stderr } = spawnSync(join(this.installed.bin, 'java'), words, options);
    return { code: status ?? undefined, stdout, stderr };
  }

  async value(sql: string, ...values: readonly unknown[]): Promise<unknown> {
    const { rows } = await this.client.query<Record<string, unknown>>(sql, [...values]);
    return Object.values(rows[0] ?? {})[0];
  }

  /** The filesets that the session made, and their images. */
  async made(): Promise<{ readonly filesets: number; readonly images: number }> {
    const { rows } = await this.client.query<{ filesets: number; images: number }>(
      `SELECT count(DISTINCT f.id)::int AS filesets, count(i.id)::int AS images FROM fileset f JOIN event e ON e.id = f.creation_id
       JOIN session s ON s.id = e.session LEFT JOIN image i ON i.fileset = f.id WHERE s.uuid = $1`,
      [this.key],
    );
    return rows[0]!;
  }

  async stop(): Promise<void> {
    this.listener.close();
    await this.client.end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
