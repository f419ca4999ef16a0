import type pg from 'pg';
import { partOfTotal } from './parts';

/** What some groups had in the archive at the end of a day. */
export interface UsageDay {
  /** `2026-11-29`, in UTC. */
  readonly day: string;
  readonly heldBytes: bigint;
  readonly freedBytes: bigint;
  readonly archivedFiles: number;
  /** Null if it was not known for any of the groups. */
  readonly omeroBytes: bigint | null;
}

export async function recordDay(pool: pg.Pool): Promise<void> {
  await pool.query(
    `INSERT INTO usage_day AS d (day, group_id, group_name, held_files, held_bytes, freed_files, freed_bytes, omero_bytes)
     SELECT (now() AT TIME ZONE 'UTC')::date, group_id, coalesce(g.name, a.group_name, group_id::text), coalesce(held_files, 0),
       coalesce(held_bytes, 0), coalesce(freed_files, 0), coalesce(freed_bytes, 0), CASE WHEN o.known THEN coalesce(o.bytes, 0) END
     FROM (
       SELECT group_id, max(group_name) AS group_name, sum(files) FILTER (WHERE part = 'held') AS held_files, sum(bytes) FILTER (WHERE part = 'held') AS held_bytes,
         sum(files) FILTER (WHERE part = 'freed') AS freed_files, sum(bytes) FILTER (WHERE part = 'freed') AS freed_bytes
       FROM (SELECT r.group_id, r.group_name, ${partOfTotal} AS part, t.files, t.bytes FROM file_total t JOIN request r ON r.id = t.request_id) each
       GROUP BY group_id) a
     FULL JOIN (SELECT group_id, sum(bytes) AS bytes FROM omero_usage GROUP BY group_id) u USING (group_id)
     CROSS JOIN LATERAL (SELECT u.bytes, read_at IS NOT NULL AND failed IS NULL AS known FROM omero_usage_read) o
     LEFT JOIN person_group g ON g.id = group_id
     ON CONFLICT (day, group_id) DO UPDATE SET group_name = excluded.group_name, held_files = excluded.held_files, held_bytes = excluded.held_bytes,
       freed_files = excluded.freed_files, freed_bytes = excluded.freed_bytes, omero_bytes = excluded.omero_bytes`,
  );
}

/** Of these groups, or of all. */
export async function usageDays(
  pool: pg.Pool,
  groups: readonly bigint[] | undefined,
  since: Date,
): Promise<readonly UsageDay[]> {
  const { rows } = await pool.query<UsageDay>(
    `SELECT to_char(day, 'YYYY-MM-DD') AS day, sum(held_bytes)::bigint AS "heldBytes", sum(freed_bytes)::bigint AS "freedBytes",
       sum(held_files + freed_files)::float8 AS "archivedFiles", sum(omero_bytes)::bigint AS "omeroBytes"
     FROM usage_day WHERE day >= ($2::timestamptz AT TIME ZONE 'UTC')::date AND ($1::bigint[] IS NULL OR group_id = ANY($1))
     GROUP BY 1 ORDER BY 1`,
    [groups ?? null, since],
  );
  return rows;
}

/** What one group had at the end of a day. */
export interface GroupDay extends UsageDay {
  readonly groupId: bigint;
}

/** Of each group the newest day up to this one, `2026-11-29`. Of these groups, or of all. */
export async function groupDays(
  pool: pg.Pool,
  groups: readonly bigint[] | undefined,
  until: string,
): Promise<readonly GroupDay[]> {
  const { rows } = await pool.query<GroupDay>(
    `SELECT DISTINCT ON (group_id) group_id AS "groupId", to_char(day, 'YYYY-MM-DD') AS day, held_bytes AS "heldBytes", freed_bytes AS "freedBytes",
       (held_files + freed_files)::float8 AS "archivedFiles", omero_bytes AS "omeroBytes"
     FROM usage_day WHERE day <= $2::date AND ($1::bigint[] IS NULL OR group_id = ANY($1)) ORDER BY group_id, usage_day.day DESC`,
    [groups ?? null, until],
  );
  return rows;
}
