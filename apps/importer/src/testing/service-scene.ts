import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bufferMarker } from '@coldroom/buffers';
import type { ImportState } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { migrate, Register, type ImportOrder, type NewImportOrder } from '@coldroom/register';
import { startService, type RunningService } from '@coldroom/runtime/process';
import { Scene } from './scene';

/** A sample OMERO, a buffer, a register, and importers as processes of their own. */
export class ServiceScene {
  private readonly started: RunningService[] = [];
  readonly lines: string[] = [];

  private constructor(
    readonly omero: Scene,
    readonly register: Register,
    readonly sql: pg.Pool,
    readonly buffer: string,
    readonly env: Readonly<Record<string, string>>,
    private readonly patienceMs: number,
  ) {}

  /** @param settings of the buffer */
  static async make(command: readonly string[], settings: object = {}, patienceMs = 90_000): Promise<ServiceScene> {
    const omero = await Scene.make(command);
    const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `importer_${randomUUID()}`);
    await migrate(url);
    const buffer = join(omero.dir, 'buffer');
    mkdirSync(buffer);
    await writeMarker(buffer, bufferMarker('main'));
    await writeMarker(join(omero.dataDir, 'ManagedRepository'), 'ManagedRepository');
    const importsFile = join(omero.dir, 'imports.json');
    writeFileSync(
      importsFile,
      JSON.stringify({
        buffers: { main: { directory: buffer, transfers: ['upload', 'ln', 'cp'], remove: '0', ...settings } },
      }),
    );
    const { settings: cli } = omero;
    return new ServiceScene(
      omero,
      new Register(url),
      new pg.Pool({ connectionString: url, max: 2, options: '-c search_path=coldroom' }),
      buffer,
      {
        PATH: cli.path,
        REGISTER_DATABASE_URL: url,
        REDIS_URL: process.env['TEST_REDIS_URL'] as string,
        COLDROOM_QUEUE_PREFIX: `importer-${randomUUID()}`,
        OMERO_DATA_DIR: omero.dataDir,
        COLDROOM_IMPORTS: importsFile,
        COLDROOM_IMPORT_STABLE: '1s',
        COLDROOM_SWEEP_EVERY: '200ms',
        COLDROOM_LEASE: '4s',
        COLDROOM_RETRY_PAUSE: '500ms',
        COLDROOM_ERROR_LIMIT: '1000',
        METRICS_PORT: '0',
        IMPORT_OMERO_DATABASE_URL: omero.databaseLogin,
        IMPORT_OMERO_HOST: cli.host,
        IMPORT_OMERO_PORT: String(cli.port),
        IMPORT_OMERO_USER: 'admin',
        IMPORT_OMERO_PASSWORD: 'admin',
        IMPORT_OMERO_COMMAND: cli.command,
        IMPORT_OMERO_CLIENT_DIR: cli.clientDir,
        IMPORT_STATE_DIR: join(omero.dir, 'state'),
        IMPORT_LATE_IMAGES: '3s',
        IMPORT_RETRY_PAUSES: '1s',
      },
      patienceMs,
    );
  }

  start(extra: Readonly<Record<string, string>> = {}): RunningService {
    const service = startService({
      name: 'importer',
      main: join(__dirname, '..', '..', 'dist', 'main.js'),
      env: { ...this.env, ...extra },
      onLine: (line) => this.lines.push(line),
    });
    this.started.push(service);
    return service;
  }

  /** Files with their names as content, and an order for alice. */
  async order(
    files: readonly string[],
    change: Partial<NewImportOrder> = {},
    set: string = randomUUID(),
  ): Promise<{ readonly id: bigint; readonly paths: readonly string[] }> {
    const source = join(this.buffer, 'alice', set);
    const paths = files.map((name) => join(source, name));
    for (const path of paths) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, path);
    }
    const { id } = await this.register.imports.orders.order(
      {
        personId: BigInt(this.omero.alice.id),
        person: 'alice',
        groupId: BigInt(this.omero.alice.groupId),
        group: 'microscopy',
        source: Buffer.from(source),
        display: source,
        target: 'Dataset:name:Imported',
        transfer: 'upload',
        options: {},
        origin: 'command',
        ...change,
      },
      'alice',
    );
    return { id, paths };
  }

  /** Waits until the order is in one of these states; says where it is if that takes too long. */
  async until(id: bigint, ...states: readonly ImportState[]): Promise<ImportOrder> {
    for (const end = Date.now() + this.patienceMs; ; await sleep(100)) {
      const order = (await this.register.imports.orders.get(id)) as ImportOrder;
      if (states.includes(order.state)) return order;
      if (Date.now() > end)
        throw new Error(
          `import ${id} is ${order.state} (${order.code ?? order.note ?? 'no reason'})\n${this.lines.slice(-20).join('\n')}`,
        );
    }
  }

  /** What OMERO has of an order: filesets and images. */
  async made(id: bigint): Promise<{ readonly filesets: number; readonly images: number }> {
    const sessions = (await this.register.imports.attempts.of(id)).map(({ sessionId }) => sessionId);
    const made = await this.omero.database.madeBy(sessions, BigInt(this.omero.alice.id));
    return { filesets: made.length, images: made.reduce((sum, { images }) => sum + images, 0) };
  }

  /** Waits for the first file that an order has in OMERO's repository, and returns its path. */
  async copyOf(id: bigint): Promise<string> {
    for (const end = Date.now() + 60_000; ; await sleep(50)) {
      const [attempt] = await this.register.imports.attempts.of(id);
      const path = await this.omero.value(
        `SELECT o.path || o.name FROM originalfile o JOIN filesetentry e ON e.originalfile = o.id JOIN fileset f ON f.id = e.fileset
         JOIN event v ON v.id = f.creation_id JOIN image i ON i.fileset = f.id WHERE v.session = $1`,
        attempt ? String(attempt.sessionId) : '0',
      );
      if (typeof path === 'string') return join(this.omero.dataDir, 'ManagedRepository', path);
      if (Date.now() > end) throw new Error(`import ${id} has no file in OMERO`);
    }
  }

  /** Changes the content of a file, and neither its size nor its time. */
  damage(path: string): void {
    const { atime, mtime, size } = statSync(path);
    chmodSync(path, 0o600);
    writeFileSync(path, 'x'.repeat(size));
    utimesSync(path, atime, mtime);
  }

  async killAll(): Promise<void> {
    await Promise.all(this.started.splice(0).map((service) => service.kill()));
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.sql.end();
    await this.register.close();
    await this.omero.stop();
  }
}
