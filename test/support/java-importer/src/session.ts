import { connect } from 'node:net';
import type { Client } from 'pg';
import type { SampleUser } from '@coldroom/sample-omero';

/** A joined session: who imports, and into which group. */
export interface Session {
  readonly id: number;
  readonly user: SampleUser;
  readonly isAdministrator: boolean;
  /** Throws when the session was closed or has expired, as each call of a server does. */
  check(): Promise<void>;
  end(): Promise<void>;
}

interface SessionRow {
  id: string;
  owner: string;
  omename: string;
  group: string;
  permissions: string;
  administrator: boolean;
}

const OPEN = `closed IS NULL AND (timetolive = 0 OR started + timetolive * interval '1 ms' > now() AT TIME ZONE 'UTC')`;

/** Throws if nothing listens there, as without a server. */
export async function reachServer(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, timeout: 10_000 });
    socket.once('connect', () => resolve(void socket.destroy()));
    socket.once('error', (error) => reject(new Error(`Ice.ConnectionRefusedException: ${error.message}`)));
    socket.once('timeout', () => reject(new Error(`Ice.ConnectTimeoutException: ${host}:${port}`)));
  });
}

/** Joins the session of this key. Throws for one that is unknown, closed or expired. */
export async function joinSession(client: Client, key: string): Promise<Session> {
  const {
    rows: [row],
  } = await client.query<SessionRow>(
    `SELECT s.id, s.owner, e.omename, g.id AS "group", g.permissions,
            EXISTS (SELECT FROM groupexperimentermap m, _roles r WHERE m.child = e.id AND m.parent = r.system_group_id) AS administrator
     FROM session s JOIN experimenter e ON e.id = s.owner JOIN server_memory.session_group k ON k.session = s.id
     JOIN experimentergroup g ON g.id = k.experimentergroup WHERE s.uuid = $1 AND ${OPEN}`,
    [key],
  );
  if (!row) throw new Error('Glacier2.PermissionDeniedException: Password check failed');
  const id = Number(row.id);
  return {
    id,
    user: {
      id: Number(row.owner),
      omename: row.omename,
      groupId: Number(row.group),
      permissions: Number(row.permissions),
    },
    isAdministrator: row.administrator,
    check: async () => {
      const { rowCount } = await client.query(`SELECT 1 FROM session WHERE id = $1 AND ${OPEN}`, [id]);
      if (rowCount === 0) throw new Error(`omero.RemovedSessionException: No session with uuid: ${key}`);
    },
    end: async () => {
      await client.query(`UPDATE session SET closed = now() AT TIME ZONE 'UTC' WHERE id = $1`, [id]);
    },
  };
}
