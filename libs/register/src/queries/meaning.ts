import type pg from 'pg';

/** Images and filesets of which at least one file is taken; in the end these are archived. */
export interface Taken {
  readonly images: number;
  readonly marked: number;
  readonly filesets: number;
}

export interface FilesetListing {
  readonly fileset: string;
  /** The name of one of its images. */
  readonly name: string;
  readonly images: number;
  readonly marked: number;
  /** Those that are taken. */
  readonly files: number;
  readonly bytes: bigint;
}

/** Events of one kind: a step of the request as a whole, or what happened to its bags and files, added up. */
export interface Happening {
  readonly what: string;
  readonly actor: string;
  readonly to: string | null;
  readonly code: string | null;
  readonly files: number;
  /** That of a step of the request as a whole. */
  readonly detail: Readonly<Record<string, unknown>> | null;
  /** The last of them. */
  readonly at: Date;
}

/** Originals that are still held beside their links. */
export interface Held {
  readonly files: number;
  readonly bytes: bigint;
  /** When the first of them are due to be released. */
  readonly from: Date | null;
  /** When the last of them are. */
  readonly until: Date | null;
}

/** Filesets of which nothing is taken may come before those that are. */
const mostLooks = 1000;

/** What a request amounts to, for people. Changes nothing. */
export class Meaning {
  constructor(private readonly pool: pg.Pool) {}

  async taken(requestId: bigint): Promise<Taken> {
    const { rows } = await this.pool.query<Taken>(
      `SELECT r.images - count(i.image_id)::int AS images, r.marked - count(*) FILTER (WHERE i.marked)::int AS marked,
         r.filesets - count(DISTINCT i.fileset)::int AS filesets
       FROM request r LEFT JOIN request_image i ON i.request_id = r.id AND i.fileset IN (
         SELECT fileset FROM file s WHERE s.request_id = $1 AND s.phase = 'skipped' AND NOT EXISTS (
           SELECT FROM file t WHERE t.request_id = $1 AND t.fileset = s.fileset AND t.phase <> 'skipped'))
       WHERE r.id = $1 GROUP BY r.id`,
      [requestId],
    );
    return rows[0] as Taken;
  }

  /**
   * The first filesets that are taken, by name; of these, those in which most images come along without a mark come
   * first. However many images the request has, few more rows are read than it takes to describe these filesets.
   */
  async filesets(requestId: bigint, limit: number): Promise<readonly FilesetListing[]> {
    const { rows } = await this.pool.query<FilesetListing>(
      `WITH RECURSIVE named AS (
         (SELECT fileset, 1 AS nr FROM request_image WHERE request_id = $1 ORDER BY fileset LIMIT 1)
         UNION ALL
         SELECT (SELECT min(i.fileset) FROM request_image i WHERE i.request_id = $1 AND i.fileset > n.fileset), nr + 1
         FROM named n WHERE n.fileset IS NOT NULL AND nr < $3),
       taken AS (SELECT fileset FROM named n WHERE EXISTS (
         SELECT FROM file f WHERE f.request_id = $1 AND f.fileset = n.fileset AND f.phase <> 'skipped') ORDER BY nr LIMIT $2)
       SELECT t.fileset, i.*, f.* FROM taken t
       CROSS JOIN LATERAL (
         SELECT min(name) AS name, count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked
         FROM request_image WHERE request_id = $1 AND fileset = t.fileset) i
       CROSS JOIN LATERAL (
         SELECT count(*)::int AS files, sum(size)::bigint AS bytes FROM file
         WHERE request_id = $1 AND fileset = t.fileset AND phase <> 'skipped') f
       ORDER BY i.images - i.marked DESC, t.fileset`,
      [requestId, limit, mostLooks],
    );
    return rows;
  }

  /** Newest first. */
  async history(requestId: bigint, limit: number): Promise<readonly Happening[]> {
    const { rows } = await this.pool.query<Happening>(
      `SELECT what, max(actor) AS actor, to_state AS to, code, max(at) AS at,
         (array_agg(detail) FILTER (WHERE bag_id IS NULL AND file_id IS NULL))[1] AS detail,
         sum(CASE WHEN file_id IS NULL THEN coalesce((detail->>'files')::int, 0) ELSE 1 END)::int AS files
       FROM event WHERE request_id = $1 AND what <> 'attempt failed'
       GROUP BY what, to_state, code, CASE WHEN bag_id IS NULL AND file_id IS NULL THEN id END ORDER BY max(id) DESC LIMIT $2`,
      [requestId, limit],
    );
    return rows;
  }

  /** Of one request, or of all. */
  async held(requestId?: bigint): Promise<Held> {
    const of = requestId === undefined ? '' : 'request_id = $1 AND';
    const { rows } = await this.pool.query<Held>(
      `SELECT coalesce(sum(files), 0)::int AS files, coalesce(sum(bytes), 0)::bigint AS bytes,
         (SELECT min(not_before) FROM bag WHERE ${of} state = 'linked') AS "from",
         (SELECT max(not_before) FROM bag WHERE ${of} state = 'linked') AS until
       FROM file_total WHERE ${of} state = 'linked' AND NOT released AND store <> ''`,
      requestId === undefined ? [] : [requestId],
    );
    return rows[0] as Held;
  }
}
