import type pg from 'pg';
import { formatIdentity } from '../db/rows';
import type { Claim } from './claims';
import type { FailedAttempt, Transition } from './transition';

/**
 * Writes transitions to files of a claimed bag; throws if one of them is not in the state that its transition starts from.
 * An original that an undo no longer finds held (`restore`) was released by a linker that died before it could record
 * that.
 */
export async function writeFiles(
  client: pg.PoolClient,
  claim: Claim,
  transitions: readonly Transition[],
): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE file f SET state = m.to_state,
       stuck_from = CASE WHEN m.to_state = 'stuck' THEN f.state END,
       code = m.code, reason = m.reason,
       digests = coalesce(m.digests::jsonb, f.digests),
       identity = coalesce(m.identity, f.identity),
       copy_version = coalesce(m.copy_version, f.copy_version),
       copy_digest = coalesce(m.copy_digest, f.copy_digest),
       copy_read = coalesce(m.copy_read, f.copy_read),
       copy_checked_at = CASE WHEN m.copy_version IS NULL THEN f.copy_checked_at ELSE now() END,
       copy_attempts = f.copy_attempts + (m.event IN ('copyAgain', 'fetchAgain', 'moveCopyAgain'))::int,
       linked_at = CASE WHEN m.event = 'link' THEN now() ELSE f.linked_at END,
       released_at = CASE WHEN m.event IN ('release', 'restore') THEN coalesce(f.released_at, now()) ELSE f.released_at END,
       fetched = coalesce(m.fetched, f.fetched),
       moved_version = coalesce(m.moved_version, f.moved_version),
       moved_digest = coalesce(m.moved_digest, f.moved_digest),
       moved_read = coalesce(m.moved_read, f.moved_read),
       moved_checked_at = CASE WHEN m.moved_version IS NULL THEN f.moved_checked_at ELSE now() END,
       retrieval = CASE WHEN m.event = 'restore' THEN 'restore' ELSE f.retrieval END,
       online_until = CASE m.to_state WHEN 'recalled' THEN now() + f.online_days * interval '1 day' WHEN 'linked' THEN NULL ELSE f.online_until END
     FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])
       AS m(id, event, from_state, to_state, digests, identity, copy_version, copy_digest, copy_read, code, reason, fetched, moved_version, moved_digest, moved_read)
     WHERE f.id = m.id AND f.bag_id = $1 AND f.state = m.from_state`,
    [
      claim.bagId,
      transitions.map((m) => m.id),
      transitions.map((m) => m.event),
      transitions.map((m) => m.from),
      transitions.map((m) => m.to),
      transitions.map((m) => (m.digests ? JSON.stringify(m.digests) : null)),
      transitions.map((m) => (m.identity ? formatIdentity(m.identity) : null)),
      transitions.map((m) => m.copyVersion ?? null),
      transitions.map((m) => m.copyDigest ?? null),
      transitions.map((m) => m.copyRead ?? null),
      transitions.map((m) => m.code ?? null),
      transitions.map((m) => m.reason ?? null),
      transitions.map((m) => (m.fetched ? formatIdentity(m.fetched) : null)),
      transitions.map((m) => m.elsewhere?.version ?? null),
      transitions.map((m) => m.elsewhere?.digest ?? null),
      transitions.map((m) => m.elsewhere?.read ?? null),
    ],
  );
  if (rowCount !== transitions.length)
    throw new Error(
      `bag ${claim.bag}: ${transitions.length} files were to move, ${rowCount} were where they should be`,
    );
}

/** Records why files stay where they are; their next transition removes it. */
export async function writeFailedAttempts(
  client: pg.PoolClient,
  claim: Claim,
  failed: readonly FailedAttempt[],
): Promise<void> {
  const columns = [failed.map(({ id }) => id), failed.map(({ code }) => code), failed.map(({ reason }) => reason)];
  await client.query(
    `UPDATE file f SET code = m.code, reason = m.reason FROM unnest($3::bigint[], $4::text[], $5::text[]) AS m(id, code, reason)
     WHERE f.id = m.id AND f.bag_id = $1 AND f.state = $2`,
    [claim.bagId, claim.state, ...columns],
  );
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, file_id, what, from_state, to_state, code, detail)
     SELECT $1, $2, $3, m.id, 'attempt failed', $4, $4, m.code, jsonb_build_object('message', m.reason)
     FROM unnest($5::bigint[], $6::text[], $7::text[]) AS m(id, code, reason)`,
    [claim.worker, claim.requestId, claim.bagId, claim.state, ...columns],
  );
}
