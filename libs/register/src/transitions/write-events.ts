import type pg from 'pg';
import type { Claim } from './claims';
import type { Transition, TransitionOptions } from './transition';

/** One event per bag for what happens to most of its files, one per file for what happens to a single file. */
export async function writeEvents(
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
