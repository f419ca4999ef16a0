import type { OmeroServer } from '@coldroom/sample-omero';
import { log } from './log';
import type { Session } from './session';

export interface Target {
  readonly kind: 'dataset' | 'screen';
  readonly id: number;
}

interface Container {
  id: string;
  owner: string;
  group: string;
  permissions: string;
  led: boolean;
}

/** The write bit of a group's members in a permissions column. */
const GROUP_WRITES = 0x20n;

/**
 * `Dataset:5`, `Dataset:id:5`, `Screen:name:X`; before `name` stands `+` (the newest, default), `-` (the oldest), `%`
 * (fails unless there is one only) or `@` (always a new one). What is missing by name is made. Throws for what is not
 * in the session's group.
 */
export async function loadTarget(server: OmeroServer, session: Session, text: string): Promise<Target> {
  const [prefix = '', second = '', ...more] = text.split(':');
  const [discriminator, value] = more.length === 0 ? ['id', second] : [second, more.join(':')];
  if (prefix !== 'Dataset' && prefix !== 'Screen') throw new Error(`Target string not valid here: ${text}`);
  const kind = prefix === 'Dataset' ? 'dataset' : 'screen';
  if (discriminator === 'id') return { kind, id: await existing(server, session, kind, value) };
  if (!/^[-+%@]?name$/.test(discriminator)) throw new Error(`Unknown discriminator ${discriminator}`);
  const ids = await named(server, session, kind, value);
  if (discriminator.startsWith('%') && ids.length > 1) throw new Error(`No unique ${prefix} available`);
  const id = discriminator.startsWith('-') ? ids.at(0) : ids.at(-1);
  if (id !== undefined && !discriminator.startsWith('@')) return { kind, id };
  return { kind, id: await create(server, session, kind, value) };
}

async function existing(server: OmeroServer, session: Session, kind: Target['kind'], value: string): Promise<number> {
  const [found] = await containers(server, session, kind, 'c.id = $3::bigint', value);
  if (!found || Number(found.group) !== session.user.groupId)
    throw new Error(`omero.ValidationException: ${kind} ${value} is not in group ${session.user.groupId}`);
  if (!mayLink(session, found)) {
    log('ERROR', 'Cannot link to target');
    throw new Error('Cannot link to target');
  }
  return Number(found.id);
}

async function named(server: OmeroServer, session: Session, kind: Target['kind'], name: string): Promise<number[]> {
  const found = await containers(server, session, kind, 'c.group_id = $2 AND c.name = $3', name);
  return found.filter((each) => mayLink(session, each)).map(({ id }) => Number(id));
}

async function containers(
  server: OmeroServer,
  session: Session,
  kind: Target['kind'],
  condition: string,
  value: string,
): Promise<Container[]> {
  const { user } = session;
  const { rows } = await server.client.query<Container>(
    `SELECT c.id, c.owner_id AS owner, c.group_id AS "group", g.permissions,
            EXISTS (SELECT FROM groupexperimentermap m WHERE m.parent = c.group_id AND m.child = $1 AND m.owner) AS led
     FROM ${kind} c JOIN experimentergroup g ON g.id = c.group_id
     WHERE $2::bigint IS NOT NULL AND ${condition} ORDER BY c.id`,
    [user.id, user.groupId, value],
  );
  return rows;
}

function mayLink({ user, isAdministrator }: Session, { owner, permissions, led }: Container): boolean {
  return isAdministrator || led || Number(owner) === user.id || (BigInt(permissions) & GROUP_WRITES) !== 0n;
}

async function create(server: OmeroServer, session: Session, kind: Target['kind'], name: string): Promise<number> {
  const event = await server.event(session.user, 'User', { session: session.id, time: new Date() });
  const id = await server.rows.id(kind);
  server.rows.add(kind, { ...server.details(session.user, event), id, name });
  await server.flush();
  return id;
}
