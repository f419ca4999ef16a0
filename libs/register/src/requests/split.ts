import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { recordRequestEvent } from './request-events';

/**
 * Leaves only these filesets in a New request that is locked; the rest becomes a New request of its own, which is decided
 * separately. Filesets are never divided. Returns the id of the new request, or null where nothing is left for it.
 * `Refused` `NO_SUCH_FILESET` if the request lacks one of them or none is named.
 */
export async function splitRequest(
  client: pg.ClientBase,
  requestId: bigint,
  { filesets, by }: { readonly filesets: readonly string[]; readonly by: string },
): Promise<bigint | null> {
  const { rows: known } = await client.query<{ fileset: string }>(
    'SELECT DISTINCT fileset FROM request_image WHERE request_id = $1',
    [requestId],
  );
  const names = new Set(known.map(({ fileset }) => fileset));
  const unknown = filesets.filter((name) => !names.has(name));
  if (filesets.length === 0 || unknown.length > 0)
    throw new Refused(
      'NO_SUCH_FILESET',
      filesets.length === 0
        ? `Name at least one fileset of request ${requestId}`
        : `Request ${requestId} has no ${unknown.slice(0, 3).join(', ')}`,
    );
  if (new Set(filesets).size === names.size) return null;
  const { rows } = await client.query<{ id: bigint }>(
    `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester, created_at)
     SELECT 'New', owner_id, owner, group_id, group_name, requester_id, requester, created_at FROM request WHERE id = $1
     RETURNING id`,
    [requestId],
  );
  const rest = (rows[0] as { id: bigint }).id;
  for (const table of ['request_image', 'file'] as const)
    await client.query(`UPDATE ${table} SET request_id = $2 WHERE request_id = $1 AND fileset <> ALL($3)`, [
      requestId,
      rest,
      filesets,
    ]);
  const moved = names.size - new Set(filesets).size;
  await recordRequestEvent(client, {
    requestId,
    what: 'split',
    from: 'New',
    to: 'New',
    detail: { into: rest.toString(), filesets: moved },
    by,
  });
  await recordRequestEvent(client, {
    requestId: rest,
    what: 'split',
    from: null,
    to: 'New',
    detail: { of: requestId.toString(), filesets: moved },
    by,
  });
  return rest;
}
