import type pg from 'pg';
import { ask } from './ask';
import { keepsSession } from './keeps-session';
import { UnsuitableServer } from './unsuitable-server';

interface Server {
  readonly pid: number;
  readonly standby: boolean;
  readonly read_only: string;
}

/**
 * For each new connection to this URL (`onConnect` of a pool): throws `UnsuitableServer` if the server cannot be used,
 * and applies the settings to the session. They are not in the startup message, as PgBouncer refuses such connections.
 * Nothing is set before it is certain that the session is ours alone: a setting would reach the other clients of a pooler.
 */
export function startOfSession(
  url: string,
  settings: Readonly<Record<string, string>>,
): (client: pg.ClientBase) => Promise<void> {
  let isKept = false;
  return async (client) => {
    const server = await look(client);
    if (server.standby) throw new UnsuitableServer('standby');
    if (server.read_only === 'on') throw new UnsuitableServer('readOnly');
    // A pooler tells its clients numbers of its own instead of those of PostgreSQL's processes.
    isKept ||= server.pid === processOf(client) || (await keepsSession(client, url));
    if (!isKept) throw new UnsuitableServer('pooled');
    const names = Object.keys(settings);
    if (names.length === 0) return;
    const calls = names.map((_, nr) => `set_config($${2 * nr + 1}, $${2 * nr + 2}, false)`);
    await ask(client, `SELECT ${calls.join(', ')}`, Object.entries(settings).flat());
  };
}

async function look(client: pg.ClientBase): Promise<Server> {
  const { rows } = await ask<Server>(
    client,
    `SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS read_only`,
  );
  return rows[0] as Server;
}

/** pg keeps the number that the server gave at login, without a type for it. */
const processOf = (client: pg.ClientBase): unknown => ('processID' in client ? client.processID : undefined);

/** For the option `onConnect` of a pool. The pool waits for the promise, though its types do not say so. */
export const onConnect = (start: (client: pg.ClientBase) => Promise<void>): ((client: pg.ClientBase) => void) =>
  start as (client: pg.ClientBase) => void;
