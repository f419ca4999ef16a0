import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startFakeOmeroWeb } from '@coldroom/fake-omero-web';
import { createDatabase, freePort } from '@coldroom/local';
import { endOmeroSessions, startOmeroServer, startOmeroWeb } from '@coldroom/omero-server';
import { createGroup, createOmeroSchema, createUser } from '@coldroom/sample-omero';
import { openDoors, type Doors } from './omero-web-doors';

/** `ada` is a restricted administrator, `lea` leads the group, `gone` is inactive, `locked` has no password. */
export const accounts = [
  { username: 'alice', password: 'pässword &=+ "%' },
  { username: 'lea', password: 'lea', leader: true },
  { username: 'ada', password: 'ada', administrator: true, withheld: ['Sudo'] },
  { username: 'gone', password: 'gone', inactive: true },
  { username: 'locked' },
] as const;
export type Username = (typeof accounts)[number]['username'];

/** OMERO.web with these accounts, twice: one server under a prefix behind proxies, and several servers. */
export interface OmeroWebs extends Doors {
  readonly ids: Readonly<Record<string, number>>;
  /** `omero` and `teaching` are well, `unavailable` does not answer, and `old` has another version. */
  readonly several: string;
  /** OMERO sessions of this account that are open. */
  openSessions(username: Username): Promise<number>;
  /** How many sessions were ended so far by the visits through `ending`. */
  ended(): number;
  /** Stops `omero`, the server, for `single` and `several`. */
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Stops OMERO.web, both of them. */
  stopWeb(): Promise<void>;
  stop(): Promise<void>;
}

/** The stand-in. */
export async function standIns(): Promise<OmeroWebs> {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-stand-in-'));
  const known = accounts.flatMap((account, at) => ('password' in account ? [{ id: at + 7, ...account }] : []));
  const servers = [
    { name: 'omero', host: '127.0.0.1' },
    { name: 'teaching', host: 'localhost' },
    { name: 'unavailable', host: '127.0.0.1', trouble: 'server away' },
    { name: 'old', host: '127.0.0.1', trouble: 'version mismatch' },
  ] as const;
  const single = await startFakeOmeroWeb({ accounts: known, prefix: '/omero/' });
  const several = await startFakeOmeroWeb({ accounts: known, servers });
  const doors = await openDoors(single.url, dir, () => {
    const { size } = single.open;
    single.endSessions();
    return Promise.resolve(size);
  });
  const set = (fault: 'none' | 'server away'): Promise<void> => {
    single.fault = fault;
    return Promise.resolve();
  };
  return {
    ids: Object.fromEntries(known.map(({ id, username }) => [username, id])),
    ...doors.urls,
    ended: doors.ended,
    several: several.url,
    openSessions: () => Promise.resolve(single.open.size + several.open.size),
    stopServer: () => set('server away'),
    startServer: () => set('none'),
    stopWeb: async () => {
      for (const each of [single, several]) await each.close();
    },
    stop: async () => {
      await doors.close();
      for (const each of [single, several]) await each.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** OMERO.web itself, on a server side that has its accounts in a sample OMERO's database. */
export async function realOmeroWebs(python: string): Promise<OmeroWebs> {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-omero-web-'));
  const databaseUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'console_omero_web', {
    existing: 'drop',
  });
  await createOmeroSchema(databaseUrl);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const ids = await createAccounts(client);
  const start = (name: string, more: { port?: number; version?: string } = {}): ReturnType<typeof startOmeroServer> =>
    startOmeroServer(python, { dir: join(dir, name), databaseUrl, ...more });
  let omero = await start('omero');
  const old = await start('old', { version: '4.4.12' });
  const listed = { host: '127.0.0.1', port: omero.port, name: 'omero' };
  const single = await startOmeroWeb(python, { dir: join(dir, 'single'), servers: [listed], prefix: '/omero' });
  const several = await startOmeroWeb(python, {
    dir: join(dir, 'several'),
    servers: [
      listed,
      { host: 'localhost', port: omero.port, name: 'teaching' },
      { host: '127.0.0.1', port: await freePort(), name: 'unavailable' },
      { host: '127.0.0.1', port: old.port, name: 'old' },
    ],
  });
  const doors = await openDoors(single.url, dir, async () => {
    const open = await sessionsOf(client, 'alice');
    await endOmeroSessions(python, omero.port, open);
    return open.length;
  });
  return {
    ids,
    ...doors.urls,
    ended: doors.ended,
    several: several.url,
    openSessions: async (username) => (await sessionsOf(client, username)).length,
    stopServer: () => omero.stop(),
    startServer: async () => {
      omero = await start('omero', { port: omero.port });
    },
    stopWeb: async () => {
      for (const each of [single, several]) await each.stop();
    },
    stop: async () => {
      await doors.close();
      for (const each of [single, several, omero, old]) await each.stop();
      await client.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function createAccounts(client: Client): Promise<Record<string, number>> {
  const group = await createGroup({ client }, 'microscopy', -40);
  const ids: Record<string, number> = {};
  for (const { username, ...more } of accounts) {
    const { id } = await createUser(
      { client },
      { omename: username, firstname: username, lastname: 'Example', group, ...more },
    );
    ids[username] = id;
  }
  return ids;
}

async function sessionsOf(client: Client, username: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ uuid: string }>(
    `SELECT s.uuid FROM session s JOIN experimenter e ON e.id = s.owner WHERE e.omename = $1 AND s.closed IS NULL`,
    [username],
  );
  return rows.map(({ uuid }) => uuid);
}
