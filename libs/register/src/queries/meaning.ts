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
  /** The last of them. */
  readonly at: Date;
}

/** Originals that are still held beside their links. */
export interface Held {
  readonly files: number;
  readonly bytes: bigint;
  /** When the last of them is due to be released. */
  readonly until: Date | null;
}

/** What a request amounts to, for people. Changes nothing. */
export class Meaning {
  constructor(private readonly pool: pg.Pool) {}

  async taken(requestId: bigint): Promise<Taken> {
    const { rows } = await this.pool.query<Taken>(
      `SELECT count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked, count(DISTINCT fileset)::int AS filesets
       FROM request_image i WHERE request_id = $1 AND fileset IN (
         SELECT fileset FROM file WHERE request_id = $1 AND phase <> 'skipped')`,
      [requestId],
    );
    return rows[0] as Taken;
  }

  /** The filesets that are taken; first those in which most images come along without a mark. */
  async filesets(requestId: bigint, limit: number): Promise<readonly FilesetListing[]> {
    const { rows } = await this.pool.query<FilesetListing>(
      `SELECT i.fileset, i.name, i.images, i.marked, f.files, f.bytes FROM (
         SELECT fileset, min(name) AS name, count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked
         FROM request_image WHERE request_id = $1 AND fileset IN (
           SELECT fileset FROM file WHERE request_id = $1 AND phase <> 'skipped')
         GROUP BY fileset ORDER BY count(*) FILTER (WHERE NOT marked) DESC, fileset LIMIT $2) i
       CROSS JOIN LATERAL (
         SELECT count(*)::int AS files, sum(size)::bigint AS bytes FROM file
         WHERE request_id = $1 AND fileset = i.fileset AND phase <> 'skipped') f
       ORDER BY i.images - i.marked DESC, i.fileset`,
      [requestId, limit],
    );
    return rows;
  }

  /** Newest first. */
  async history(requestId: bigint, limit: number): Promise<readonly Happening[]> {
    const { rows } = await this.pool.query<Happening>(
      `SELECT what, max(actor) AS actor, to_state AS to, code, max(at) AS at,
         sum(CASE WHEN file_id IS NULL THEN coalesce((detail->>'files')::int, 0) ELSE 1 END)::int AS files
       FROM event WHERE request_id = $1 AND what <> 'attempt failed'
       GROUP BY what, to_state, code, CASE WHEN bag_id IS NULL AND file_id IS NULL THEN id END ORDER BY max(id) DESC LIMIT $2`,
      [requestId, limit],
    );
    return rows;
  }

  async held(requestId: bigint): Promise<Held> {
    const { rows } = await this.pool.query<Held>(
      `SELECT count(*)::int AS files, coalesce(sum(f.size), 0)::bigint AS bytes,
         max(b.not_before) FILTER (WHERE b.state = 'linked') AS until
       FROM file f JOIN bag b ON b.id = f.bag_id WHERE f.request_id = $1 AND f.state = 'linked' AND f.released_at IS NULL`,
      [requestId],
    );
    return rows[0] as Held;
  }
}
