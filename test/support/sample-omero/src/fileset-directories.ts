import { posix } from 'node:path';
import type { Row } from './rows';
import type { OmeroEvent, OmeroServer, SampleUser } from './server';

/**
 * The rows of `<user>_<id>//<year>-<month>/<day>/<time>/`, of which those left of the double slash are root's, and of
 * the directories that the files' names require below it. Returns the prefix.
 */
export async function filesetDirectories(
  server: OmeroServer,
  owner: SampleUser,
  event: OmeroEvent,
  names: readonly string[],
): Promise<string> {
  const details = server.details(owner, event);
  const [date = '', time = ''] = event.time.toISOString().slice(0, -1).split('T');
  const user = `${owner.omename}_${owner.id}`;
  await sharedDirectory(server, '', user, { ...details, owner_id: 0, group_id: 1, permissions: -52 });
  await sharedDirectory(server, `${user}/`, date.slice(0, 7), details);
  await sharedDirectory(server, `${user}/${date.slice(0, 7)}/`, date.slice(8), details);
  const day = `${user}/${date.slice(0, 7)}/${date.slice(8)}/`;
  const own = time.replaceAll(':', '-');
  await directoryRow(server, day, own, details);
  const prefix = `${day}${own}/`;
  const below = new Set(names.flatMap(directoriesAbove));
  for (const directory of below)
    await directoryRow(server, posix.join(prefix, posix.dirname(directory), '/'), posix.basename(directory), details);
  return prefix;
}

/** The directories of `a/b/c.tif`: `a`, `a/b`. */
function directoriesAbove(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

/** One that earlier imports may have made. */
async function sharedDirectory(server: OmeroServer, parent: string, name: string, details: Row): Promise<void> {
  if (server.sharedDirectories.has(parent + name)) return;
  server.sharedDirectories.add(parent + name);
  const found = await server.client.query('SELECT 1 FROM originalfile WHERE repo = $1 AND path = $2 AND name = $3', [
    server.managedUuid,
    parent || '/',
    name,
  ]);
  if (found.rowCount === 0) await directoryRow(server, parent || '/', name, details);
}

async function directoryRow(server: OmeroServer, path: string, name: string, details: Row): Promise<void> {
  server.rows.add('originalfile', {
    ...details,
    id: await server.rows.id('originalfile'),
    path,
    name: server.nameInRepository(name),
    repo: server.managedUuid,
    mimetype: 'Directory',
  });
}
