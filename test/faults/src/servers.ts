import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  createDatabase,
  removeServerData,
  startPgBouncer,
  startPostgres,
  startRedis,
  type LocalServer,
  type PgBouncerPlace,
} from '@coldroom/local';
import { Gate } from './gate';

interface Served {
  readonly server: LocalServer;
  readonly gate: Gate;
}

/** For data that is not needed after a crash of the machine. */
const settings = { fsync: 'off', shared_buffers: '64MB' };
/** See jest/setup.mjs. */
const like = process.env['TEST_POSTGRES_LIKE'];

/** A PostgreSQL and a Redis for one world, each behind a gate whose address stays the same when they are restarted. */
export class Servers {
  private pooler: LocalServer | undefined;

  private constructor(
    private readonly dir: string,
    private postgres: Served,
    private redis: Served,
  ) {}

  static async start(dir: string): Promise<Servers> {
    return new Servers(
      dir,
      await served(await startPostgres({ dir, settings, ...(like ? { like } : {}) })),
      await served(await startRedis({ dir })),
    );
  }

  /** From now on PostgreSQL is reached through a PgBouncer, by connections that are new. */
  async pool(poolMode: PgBouncerPlace['poolMode']): Promise<void> {
    await this.pooler?.stop();
    this.pooler = await startPgBouncer({ dir: this.dir, postgresUrl: this.postgres.server.url, poolMode });
    this.postgres.gate.shut();
    this.postgres.gate.lead(this.pooler.url);
  }

  /**
   * Another server with the same data, which is a standby, replaces PostgreSQL at the same address. Returns what promotes
   * it.
   */
  async failOver(): Promise<() => Promise<void>> {
    const dir = join(this.dir, 'standby');
    mkdirSync(dir);
    await this.postgres.server.stop();
    await (await startPostgres({ dir, like: this.dir, settings })).stop();
    writeFileSync(join(dir, 'postgres-data', 'cluster', 'standby.signal'), '');
    const standby = await startPostgres({ dir, settings });
    this.postgres.gate.shut();
    this.postgres.gate.lead(standby.url);
    this.postgres = { server: standby, gate: this.postgres.gate };
    return () => ask(standby.url, 'SELECT pg_promote()');
  }

  /** See `Gate.cutOneIn`. */
  cutPostgres(oneIn: number): void {
    this.postgres.gate.cutOneIn(oneIn);
  }

  get postgresCuts(): number {
    return this.postgres.gate.cuts;
  }

  get redisUrl(): string {
    return this.redis.gate.through(this.redis.server.url);
  }

  /** An empty database that replaces one of the same name with everything in it. */
  async emptyDatabase(name: string): Promise<string> {
    return this.postgres.gate.through(await createDatabase(this.postgres.server.url, name, { existing: 'drop' }));
  }

  /** Empties Redis: every job is lost. */
  async flushRedis(): Promise<void> {
    const { port, hostname } = new URL(this.redis.server.url);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('FLUSHALL\r\n'));
      socket.once('error', reject);
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
    });
  }

  /** Ends PostgreSQL as a restart would, cutting every connection, and starts it again with the same data. */
  async restartPostgres(): Promise<void> {
    this.postgres = await again(this.postgres, () => startPostgres({ dir: this.dir, settings }));
  }

  async restartRedis(): Promise<void> {
    this.redis = await again(this.redis, () => startRedis({ dir: this.dir }));
  }

  /** Redis does not answer until `restartRedis`. */
  loseRedis(): void {
    this.redis.gate.shut();
  }

  async stop(): Promise<void> {
    await this.pooler?.stop();
    for (const { server, gate } of [this.postgres, this.redis]) {
      gate.close();
      await server.stop();
    }
    removeServerData(this.dir);
  }
}

async function served(server: LocalServer): Promise<Served> {
  return { server, gate: await Gate.before(server.url) };
}

async function again({ server, gate }: Served, start: () => Promise<LocalServer>): Promise<Served> {
  await server.stop();
  const next = await start();
  gate.lead(next.url);
  return { server: next, gate };
}

async function ask(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
