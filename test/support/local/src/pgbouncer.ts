import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { answers } from './postgres';
import { postgresUser } from './postgres-binaries';
import { freePort, startServer, type LocalServer } from './server-process';

export interface PgBouncerPlace {
  readonly dir: string;
  /** Of the PostgreSQL behind it, with the only user that it lets in. */
  readonly postgresUrl: string;
  readonly poolMode: 'session' | 'transaction' | 'statement';
  /** More settings of pgbouncer.ini, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts Debian's PgBouncer in front of all databases of a PostgreSQL. Its settings are as Debian has them, but for these. */
export async function startPgBouncer({
  dir,
  postgresUrl,
  poolMode,
  settings = {},
}: PgBouncerPlace): Promise<LocalServer> {
  const postgres = new URL(postgresUrl);
  mkdirSync(dir, { recursive: true });
  const home = mkdtempSync(join(resolve(dir), 'pgbouncer-'));
  const user = postgresUser();
  const [ini, users] = [join(home, 'pgbouncer.ini'), join(home, 'userlist.txt')];
  const port = await freePort();
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    pool_mode: poolMode,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(
    ini,
    `[databases]\n* = host=${postgres.hostname} port=${postgres.port}\n[pgbouncer]\n${lines.join('\n')}\n`,
  );
  writeFileSync(users, `"${postgres.username}" "${postgres.password}"\n`, { mode: 0o600 });
  for (const path of [home, ini, users]) if (user) chownSync(path, user.uid, user.gid);
  chmodSync(home, 0o700);
  const url = Object.assign(new URL(postgresUrl), { port: String(port) }).href;
  const running = await startServer({
    name: 'PgBouncer',
    command: () => ['pgbouncer', '-q', ini],
    port,
    ...(user ? { user } : {}),
    logFile: join(resolve(dir), 'pgbouncer.log'),
    stopSignal: 'SIGINT',
    ready: () => answers(url),
  });
  return {
    url,
    how: `PgBouncer on 127.0.0.1:${port}, ${poolMode} pooling`,
    stop: async () => {
      await running.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
