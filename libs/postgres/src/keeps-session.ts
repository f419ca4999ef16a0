import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { answerMs, ask } from './ask';

const channel = 'coldroom_session_check';
const patienceMs = 5000;

/**
 * Whether a client keeps its session between statements. It listens and is then idle, and another client notifies: the
 * message arrives if the first still has the session in which it listened. A pooler that has given the session away has
 * nowhere to send it. The result does not depend on which sessions the pooler chooses, nor on what other clients do.
 */
export async function keepsSession(client: pg.ClientBase, url: string): Promise<boolean> {
  const token = randomUUID();
  const late = new AbortController();
  let hear: (message: pg.Notification) => void = () => undefined;
  const arrived = new Promise<boolean>((resolve) => {
    hear = ({ payload }) => payload === token && resolve(true);
  });
  client.on('notification', hear);
  try {
    await ask(client, `LISTEN ${channel}`);
    await notify(url, token);
    const limit = sleep(patienceMs, false, { signal: late.signal });
    limit.catch(() => undefined);
    return await Promise.race([arrived, limit]);
  } finally {
    late.abort();
    client.off('notification', hear);
    await ask(client, `UNLISTEN ${channel}`).catch(() => undefined); // a connection that is lost listens no more
  }
}

async function notify(url: string, token: string): Promise<void> {
  const other = new pg.Client({
    connectionString: url,
    application_name: 'session check of coldroom',
    connectionTimeoutMillis: answerMs,
  });
  other.on('error', () => undefined);
  try {
    await other.connect();
    await ask(other, 'SELECT pg_notify($1, $2)', [channel, token]);
  } finally {
    await other.end();
  }
}
