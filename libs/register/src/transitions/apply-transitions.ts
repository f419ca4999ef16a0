import type pg from 'pg';
import { crashPoint, next, Transient, workStates, type FileState } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import { formatIdentity } from '../db/rows';
import { forgetElsewhere, switchBag } from './switch-bag';
import { countFailures } from './switches';
import { complete, fetched, hasFile, type Claim, type DueBag } from './claims';
import { recordWhereEnded } from './retrieval-events';
import type { Transition, TransitionOptions } from './transition';

/**
 * Applies transitions to files of a claimed bag in one transaction and gives the claim back. Each transition must be in
 * the transition table, and each file must still be in the state that its transition starts from; if the claim is lost,
 * it throws `Transient` `CLAIM_LOST` and nothing is changed.
 * @returns the bags that are due now: this one, and those that waited for the filesets it completed.
 */
export async function applyTransitions(
  pool: pg.Pool,
  claim: Claim,
  transitions: readonly Transition[],
  options: TransitionOptions,
): Promise<readonly DueBag[]> {
  for (const transition of transitions) {
    if (!next(transition.from, transition.event)?.includes(transition.to))
      throw new RangeError(`no transition ${transition.event} from ${transition.from} to ${transition.to}`);
  }
  const due = await transaction(pool, async (client) => {
    await lockRequests(client, [claim.requestId]);
    await lockBag(client, claim);
    await writeFiles(client, claim, transitions);
    if (options.switched)
      await switchBag(
        client,
        claim.bagId,
        transitions.map((transition) => transition.id),
      );
    else if (claim.state === 'moveSealed')
      await forgetElsewhere(
        client,
        transitions.filter((transition) => transition.to === 'linked').map((transition) => transition.id),
      );
    await writeEvents(client, claim, transitions, options);
    const stuck = transitions.filter((transition) => transition.to === 'stuck').length;
    if (stuck > 0)
      await countFailures(
        client,
        [`stage:${options.stage}`, `store:${claim.movingTo ?? claim.store}`],
        stuck,
        options.errorLimit,
      );
    const own = await passOn(client, claim, options);
    const dueNow = await markDueNow(
      client,
      claim.requestId,
      await filesetsOf(
        client,
        transitions.filter((transition) => waitForOthers.includes(transition.to)),
      ),
      claim.bagId,
    );
    await syncRequest(
      client,
      claim.requestId,
      await filesetsOf(
        client,
        transitions.filter((transition) => atRest.includes(transition.to)),
      ),
    );
    await recordWhereEnded(client, claim.requestId, transitions, claim.worker);
    crashPoint('transition:1-before-commit');
    return [...own, ...dueNow];
  });
  crashPoint('transition:2-after-commit');
  return due;
}

const atRest: readonly FileState[] = ['linked', 'released', 'undone', 'abandoned', 'stuck', 'restored', 'recalled'];
/** From here on, a fileset continues as a whole. */
const waitForOthers: readonly FileState[] = ['sealed', 'fetchVerified'];

async function lockBag(client: pg.PoolClient, claim: Claim): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM bag WHERE id = $1 AND claimed_by = $2 AND fence = $3 AND lease_until > now() FOR UPDATE`,
    [claim.bagId, claim.worker, claim.fence],
  );
  if (rowCount !== 1)
    throw new Transient('CLAIM_LOST', `Bag ${claim.bag} was taken over by another worker; nothing was recorded`, {
      bag: claim.bagId,
    });
}

/**
 * An original that an undo no longer finds held (`restore`) was released by a linker that died before it could record
 * that.
 */
async function writeFiles(client: pg.PoolClient, claim: Claim, transitions: readonly Transition[]): Promise<void> {
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

/** One event per bag for what happens to most of its files, one per file for what happens to a single file. */
async function writeEvents(
  client: pg.PoolClient,
  claim: Claim,
  transitions: readonly Transition[],
  { stage, tookMs }: TransitionOptions,
): Promise<void> {
  const sizes = new Map(claim.files.map((file) => [file.id, file.size]));
  const groups = Map.groupBy(
    transitions.filter((transition) => transition.code === undefined),
    (transition) => `${transition.event} ${transition.from} ${transition.to}`,
  );
  for (const group of groups.values()) {
    const { event, from, to } = group[0] as Transition;
    await client.query(
      `INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
       VALUES ($1, $2, $3, $4, $5, $6, jsonb_strip_nulls(jsonb_build_object('stage', $7::text, 'store', $8::text, 'files', $9::int, 'bytes', $10::bigint, 'ms', $11::bigint, 'fence', $12::bigint)))`,
      [
        claim.worker,
        claim.requestId,
        claim.bagId,
        event,
        from,
        to,
        stage,
        claim.store,
        group.length,
        group.reduce((sum, { id }) => sum + (sizes.get(id) ?? 0n), 0n),
        tookMs ?? null,
        claim.fence,
      ],
    );
  }
  const single = transitions.filter((transition) => transition.code !== undefined);
  if (single.length === 0) return;
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, file_id, what, from_state, to_state, code, detail)
     SELECT $1, $2, $3, m.id, m.event, m.from_state, m.to_state, m.code, jsonb_build_object('reason', m.reason)
     FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS m(id, event, from_state, to_state, code, reason)`,
    [
      claim.worker,
      claim.requestId,
      claim.bagId,
      single.map((m) => m.id),
      single.map((m) => m.event),
      single.map((m) => m.from),
      single.map((m) => m.to),
      single.map((m) => m.code),
      single.map((m) => m.reason ?? null),
    ],
  );
}

/** The bag's state is that of its least advanced file that a service acts on. */
export const leastState = `coalesce((SELECT f.state FROM file f WHERE f.bag_id = bag.id AND f.state = ANY('{${workStates.join(',')}}')
  ORDER BY array_position('{${workStates.join(',')}}'::text[], f.state) LIMIT 1), 'done')`;

async function passOn(client: pg.PoolClient, claim: Claim, options: TransitionOptions): Promise<readonly DueBag[]> {
  const {
    rows: [row],
  } = await client.query<{ state: DueBag['state']; due: boolean }>(
    `UPDATE bag SET state = ${leastState}, claimed_by = NULL, lease_until = NULL, attempts = 0, waiting_since = NULL, note = NULL,
       not_before = CASE WHEN due_now AND ${leastState} IN ('sealed', 'fetchVerified') THEN now() ELSE now() + $2 * interval '1 ms' END, sealed_at = CASE WHEN $3 THEN coalesce(sealed_at, now()) ELSE sealed_at END
     WHERE id = $1 RETURNING state, state <> 'done' AND not_before <= now() AS due`,
    [claim.bagId, options.delayMs ?? 0, options.sealed ?? false],
  );
  return row?.due ? [{ bagId: claim.bagId, state: row.state }] : [];
}

async function filesetsOf(client: pg.PoolClient, transitions: readonly Transition[]): Promise<readonly string[]> {
  if (transitions.length === 0) return [];
  const { rows } = await client.query<{ fileset: string }>(`SELECT DISTINCT fileset FROM file WHERE id = ANY($1)`, [
    transitions.map((transition) => transition.id),
  ]);
  return rows.map((row) => row.fileset);
}

/**
 * Makes due the bags, except `own`, that wait in `sealed` or `fetchVerified` for a fileset that is now complete; a bag that a
 * worker holds is only flagged. If two bags complete a fileset at the same time, they do so one after the other,
 * because both lock the request first.
 */
export async function markDueNow(
  client: pg.ClientBase,
  requestId: bigint,
  filesets: readonly string[],
  own: bigint | null,
): Promise<readonly DueBag[]> {
  if (filesets.length === 0) return [];
  const { rows } = await client.query<{ id: bigint; state: DueBag['state']; held: boolean }>(
    `WITH whole AS MATERIALIZED (SELECT fileset FROM unnest($3::text[]) AS moved(fileset) WHERE ${complete('moved.fileset')} OR ${fetched('moved.fileset')})
     UPDATE bag SET not_before = now(), waiting_since = NULL, due_now = true WHERE id IS DISTINCT FROM $2 AND state IN ('sealed', 'fetchVerified') AND id = ANY(ARRAY(
       SELECT DISTINCT waiting.bag_id FROM whole CROSS JOIN LATERAL (
         SELECT f.bag_id FROM file f WHERE f.request_id = $1 AND f.fileset = whole.fileset AND f.phase IN ('sealed', 'fetchVerified') OFFSET 0) waiting))
     RETURNING id, state, coalesce(lease_until > now(), false) AS held`,
    [requestId, own, filesets],
  );
  return rows.filter((row) => !row.held).map((row) => ({ bagId: row.id, state: row.state }));
}

/** Makes the request's state, and the wanted marks of these filesets' images, consistent with the files. */
export async function syncRequest(
  client: pg.ClientBase,
  requestId: bigint,
  filesets: readonly string[],
): Promise<void> {
  if (filesets.length > 0) {
    await client.query(
      `UPDATE request_image i SET mark_wanted = s.wanted FROM (
         SELECT fileset, CASE
           WHEN ${hasFile('moved.fileset', ['early', 'sealed'])} THEN 'pending'
           WHEN ${hasFile('moved.fileset', ['undoing'])} THEN NULL
           WHEN ${hasFile('moved.fileset', ['linked', 'recalled', 'retrieving', 'fetchVerified', 'moving'])} THEN 'archived'
           ELSE 'none' END AS wanted
         FROM unnest($2::text[]) AS moved(fileset)) s
       WHERE i.request_id = $1 AND i.fileset = s.fileset AND s.wanted IS NOT NULL AND i.mark_wanted <> s.wanted`,
      [requestId, filesets],
    );
  }
  await client.query(
    `UPDATE request r SET state = s.state FROM (SELECT CASE
       WHEN EXISTS (SELECT FROM file WHERE request_id = $1 AND stuck_from IS NOT NULL) THEN 'Error'
       WHEN EXISTS (SELECT FROM bag WHERE request_id = $1 AND state NOT IN ('linked', 'recalled', 'done')) THEN 'Running'
       ELSE 'Finished' END AS state) s
     WHERE r.id = $1 AND r.state IN ('Running', 'Error', 'Finished') AND r.state <> s.state`,
    [requestId],
  );
}
