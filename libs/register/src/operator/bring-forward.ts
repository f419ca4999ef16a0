import type pg from 'pg';
import { formatIdentity } from '../db/rows';
import type { RebuiltFile } from './rebuilt-bag';
import type { Changes, Row } from './restored-rows';

/** Records files as archived into this bag. A copy counts as proven only once it was read again. */
export async function bringForward(
  client: pg.ClientBase,
  { requestId, bagId }: { readonly requestId: bigint; readonly bagId: bigint },
  forward: Changes['forward'],
): Promise<void> {
  const isHeld = forward.map(({ row, file }) => file.state === 'linked' && file.heldAs === row.id);
  const unheld = ({ identity }: RebuiltFile): string =>
    formatIdentity({ ...identity, dev: 0n, ino: 0n, ctimeNs: 0n, links: 1 });
  await client.query(
    `UPDATE file f SET request_id = $1, bag_id = $2, state = CASE WHEN d.held THEN 'linked' ELSE 'released' END, stuck_from = NULL,
       code = CASE WHEN d.elsewhere THEN 'HELD_NOT_KNOWN' ELSE d.code END,
       reason = CASE WHEN d.elsewhere THEN 'its original is held under another number' ELSE d.reason END,
       size = d.size, identity = d.identity, digests = d.digests::jsonb, copy_version = d.version, copy_fault = d.fault,
       copy_digest = NULL, copy_read = NULL, copy_checked_at = NULL, copy_attempts = 0,
       linked_at = now(), released_at = CASE WHEN NOT d.held THEN now() END
     FROM unnest($3::bigint[], $4::boolean[], $5::boolean[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
       AS d(id, held, elsewhere, size, identity, digests, version, fault, code, reason)
     WHERE f.id = d.id`,
    [
      requestId,
      bagId,
      forward.map(({ row }) => row.id),
      isHeld,
      forward.map(({ file }, at) => file.state === 'linked' && !isHeld[at]),
      forward.map(({ file }) => file.identity.size),
      forward.map(({ file }, at) => (isHeld[at] ? formatIdentity(file.identity) : unheld(file))),
      forward.map(({ file }) => JSON.stringify(file.digests)),
      forward.map(({ file }) => file.copyVersion),
      forward.map(({ file }) => file.copyFault),
      forward.map(({ file }) => file.code),
      forward.map(({ file }) => file.reason),
    ],
  );
}

/** Their files get new rows in this bag: the link proves that what the old rows say has ended. */
export async function letGiveWay(
  client: pg.ClientBase,
  bagId: bigint,
  rows: readonly Row[],
  by: string,
): Promise<void> {
  await client.query(
    `WITH old AS (SELECT id, state FROM file WHERE id = ANY($1)), gone AS (
       UPDATE file f SET state = 'skipped', stuck_from = NULL, code = 'ARCHIVED_IN_ANOTHER_BAG', reason = 'another bag has the copy that counts'
       FROM old WHERE f.id = old.id RETURNING f.id, f.request_id, old.state AS from_state, f.code, f.reason)
     INSERT INTO event (actor, request_id, bag_id, file_id, what, from_state, to_state, code, detail)
     SELECT $3, request_id, $2, id, 'rebuild', from_state, 'skipped', code, jsonb_build_object('reason', reason) FROM gone`,
    [rows.map(({ id }) => id), bagId, by],
  );
}
