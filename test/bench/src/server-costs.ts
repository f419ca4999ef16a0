import { readdirSync, readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { Client } from 'pg';

export interface ServerCosts {
  readonly register: {
    readonly cpuSeconds: number;
    /** What the database grew by. */
    readonly bytes: number;
    readonly walBytes: number;
  };
  readonly redis: { readonly cpuSeconds: number; readonly peakBytes: number };
}

/** What PostgreSQL and Redis use while `work` is done; both run for this alone. */
export async function costsOfServers<T>(
  registerUrl: string,
  redisUrl: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly servers: ServerCosts }> {
  const client = new Client({ connectionString: registerUrl });
  const redis = new Redis(redisUrl);
  try {
    await client.connect();
    const before = await countersOf(client, redis);
    const result = await work();
    const after = await countersOf(client, redis);
    return {
      result,
      servers: {
        register: {
          cpuSeconds: after.cpu - before.cpu,
          bytes: after.size - before.size,
          walBytes: after.wal - before.wal,
        },
        redis: { cpuSeconds: after.redisCpu - before.redisCpu, peakBytes: after.redisPeak },
      },
    };
  } finally {
    await client.end();
    redis.disconnect();
  }
}

interface Counters {
  readonly cpu: number;
  readonly size: number;
  readonly wal: number;
  readonly redisCpu: number;
  readonly redisPeak: number;
}

async function countersOf(client: Client, redis: Redis): Promise<Counters> {
  const { rows } = await client.query<{ pid: number; size: string; wal: string }>(
    `SELECT pg_backend_pid() AS pid, pg_database_size(current_database()) AS size,
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal`,
  );
  const [row] = rows;
  const info = await redis.info();
  const of = (key: string): number => Number(new RegExp(`^${key}:(\\S+)`, 'm').exec(info)?.[1]);
  return {
    cpu: cpuOfAllBackends(row?.pid ?? 0),
    size: Number(row?.size),
    wal: Number(row?.wal),
    redisCpu: of('used_cpu_user') + of('used_cpu_sys'),
    redisPeak: of('used_memory_peak'),
  };
}

/** Of PostgreSQL's first process and its children, those that ended included. */
function cpuOfAllBackends(one: number): number {
  const server = statOf(one).parent;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter(({ parent }) => parent === server);
  const { own, ended } = statOf(server);
  return own + ended + children.reduce((sum, child) => sum + child.own, 0);
}

/** Seconds; the kernel counts ticks of 10 ms. Zeros for a process that has just ended. */
function statOf(pid: number): { readonly parent: number; readonly own: number; readonly ended: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    const [, parent = 0] = fields.map(Number);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number);
    return { parent, own: (user + system) / 100, ended: (endedUser + endedSystem) / 100 };
  } catch {
    return { parent: 0, own: 0, ended: 0 };
  }
}
