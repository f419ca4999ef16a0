import type pg from 'pg';
import { isVisible } from '../requests/request-filter';
import { isChosen, joinNames, ownerNames, type UsageFilter, type UsageOwner } from './owners';

/** Archived data whose owner said for how long it has to be kept. */
export interface ExpiringData extends UsageOwner {
  readonly requestId: bigint;
  /** As it was written. */
  readonly expiry: string;
  /** Null where what was written is neither a number of years nor a day. */
  readonly due: Date | null;
  readonly description: string;
  readonly writtenBy: string;
  readonly images: number;
  readonly files: number;
  readonly bytes: bigint;
}

/**
 * Years count from when the request was made. A day that its month does not have is taken as one of the next month: the
 * cast of a wrong date would fail the whole report.
 */
const due = `CASE WHEN n.expiry ~ '^[1-9][0-9]{0,3}$' THEN r.created_at + n.expiry::int * interval '1 year'
  WHEN n.expiry ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
    THEN ((substr(n.expiry, 1, 7) || '-01')::date + substr(n.expiry, 9)::int - 1)::timestamp AT TIME ZONE 'UTC' END`;

/** A row for each note of a request, what is due first; without what is no longer archived or has no expiry. */
export async function expiringData(pool: pg.Pool, filter: UsageFilter): Promise<readonly ExpiringData[]> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const chosen = `${isVisible(filter.visibleTo, value)} AND ${isChosen(filter, 'r', value)}`;
  const { rows } = await pool.query<ExpiringData>(
    `SELECT ${ownerNames}, s."requestId", s.expiry, s.due, s.description, s."writtenBy", s.images, s.files, s.bytes FROM (
       SELECT r.group_id, r.group_name, r.owner_id, r.owner AS owner_name, r.id AS "requestId", n.expiry, ${due} AS due, n.description,
         n.written_by AS "writtenBy", marked.images, archived.files, archived.bytes
       FROM request_note n
       JOIN LATERAL (SELECT request_id, count(*)::int AS images, array_agg(DISTINCT fileset) AS filesets FROM request_image
         WHERE note_id = n.id GROUP BY request_id) marked ON true
       JOIN request r ON r.id = marked.request_id
       CROSS JOIN LATERAL (SELECT count(*)::int AS files, sum(size)::bigint AS bytes FROM file f WHERE f.request_id = r.id
         AND f.fileset = ANY(marked.filesets) AND f.phase IN ('linked', 'recalled', 'retrieving', 'fetchVerified', 'moving')) archived
       WHERE n.expiry NOT IN ('', '0') AND archived.files > 0 AND ${chosen}) s
     ${joinNames} ORDER BY s.due NULLS LAST, s."requestId"`,
    values,
  );
  return rows;
}
