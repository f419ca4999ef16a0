import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { recordRequestEvent } from './request-events';

/**
 * Leaves only these filesets in a New request that is locked; the rest becomes a New request of its own, which is decided
 * separately. Filesets are never divided. One of which nothing is taken stays. Returns the id of the new request, or null
 * where nothing is left for it. `Refused` `NO_SUCH_FILESET` if the request lacks one of them or none is named.
 */
export async function splitRequest(
  client: pg.ClientBase,
  requestId: bigint,
  { filesets, by }: { readonly filesets: readonly string[]; readonly by: string },
): Promise<bigint | null> {
  const { rows: known } = await client.query<{ fileset: string; taken: boolean }>(
    `SELECT fileset, EXISTS (SELECT FROM file f WHERE f.request_id = $1 AND f.fileset = i.fileset AND phase <> 'skipped') AS taken
     FROM (SELECT DISTINCT fileset FROM request_image WHERE request_id = $1) i`,
    [requestId],
  );
  const chosen = new Set(filesets);
  const names = new Set(known.map(({ fileset }) => fileset));
  const unknown = filesets.filter((name) => !names.has(name));
  const left = known.filter(({ fileset, taken }) => taken && !chosen.has(fileset)).map(({ fileset }) => fileset);
  if (filesets.length === 0 || unknown.length > 0)
    throw new Refused(
      'NO_SUCH_FILESET',
      filesets.length === 0
        ? `Name at least one fileset of request ${requestId}`
        : `Request ${requestId} has no ${unknown.slice(0, 3).join(', ')}`,
    );
  if (left.length === 0) return null;
  const rest = await moveToNewRequest(client, requestId, left, by);
  await recordRequestEvent(client, {
    requestId,
    what: 'split',
    from: 'New',
    to: 'New',
    detail: { into: rest.toString(), filesets: left.length },
    by,
  });
  return rest;
}

/** Moves filesets, with their images, to a New request that has the same owner, group and requester. Returns its id. */
export async function moveToNewRequest(
  client: pg.ClientBase,
  requestId: bigint,
  filesets: readonly string[],
  by: string,
): Promise<bigint> {
  const { rows } = await client.query<{ id: bigint }>(
    `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester, created_at, policy, policy_title, objections_until)
     SELECT 'New', owner_id, owner, group_id, group_name, requester_id, requester, created_at, policy, policy_title, objections_until FROM request WHERE id = $1
     RETURNING id`,
    [requestId],
  );
  const made = (rows[0] as { id: bigint }).id;
  for (const table of ['request_image', 'file'] as const)
    await client.query(`UPDATE ${table} SET request_id = $2 WHERE request_id = $1 AND fileset = ANY($3)`, [
      requestId,
      made,
      filesets,
    ]);
  await recordRequestEvent(client, {
    requestId: made,
    what: 'split',
    from: null,
    to: 'New',
    detail: { of: requestId.toString(), filesets: filesets.length },
    by,
  });
  return made;
}
