import type pg from 'pg';
import type { FileState, RequestState, Retrieval } from '@coldroom/domain';
import { filesetsOf, type FilesetTarget, type RequestPart } from '../operator/targets';
import { isVisible, type Visibility } from '../requests/request-filter';
import { told } from '../transitions/retrieval-events';

/** Images and filesets, as OMERO names them. */
export interface Named {
  readonly imageIds: readonly bigint[];
  readonly filesets: readonly string[];
}

/** Whose a request is. */
export interface Whose {
  readonly ownerId: bigint;
  readonly requesterId: bigint;
  readonly groupId: bigint;
}

/** A named image or fileset in one request. */
export interface FoundPart extends RequestPart, Whose {
  /** Null if the fileset itself was named. */
  readonly imageId: bigint | null;
  readonly name: string;
  readonly requestState: RequestState;
}

/** What someone requested back at once, of one request. */
export interface RetrievalSummary extends Whose {
  /** That of the event which records it. */
  readonly id: bigint;
  readonly requestId: bigint;
  readonly askedAt: Date;
  readonly askedBy: string;
  readonly way: Retrieval;
  /** How many days recalled files stay; null for a restore. */
  readonly days: number | null;
  readonly filesets: number;
  readonly images: number;
  readonly files: number;
  readonly bytes: bigint;
  /** Nothing belongs to an ended one whose files were all cancelled or requested again. */
  readonly state: 'under way' | 'blocked' | 'done' | 'ended';
}

/** Files of a retrieval that are equally far. */
export interface RetrievalAmount {
  readonly state: FileState;
  readonly code: string | null;
  readonly files: number;
  readonly bytes: bigint;
  /** Until when recalled files stay. */
  readonly onlineUntil: Date | null;
}

/** A fileset that would come along. */
export interface FilesetContent extends RequestPart {
  /** The name of one of its images. */
  readonly name: string;
  readonly images: number;
  readonly files: number;
  readonly bytes: bigint;
}

const summary = `e.id, e.request_id AS "requestId", e.at AS "askedAt", e.actor AS "askedBy", e.detail->>'way' AS way, (e.detail->>'days')::int AS days,
  (e.detail->>'filesets')::int AS filesets, (e.detail->>'images')::int AS images, (e.detail->>'files')::int AS files, (e.detail->>'bytes')::bigint AS bytes,
  r.owner_id AS "ownerId", r.requester_id AS "requesterId", r.group_id AS "groupId",
  CASE WHEN EXISTS (SELECT FROM file f WHERE f.retrieval_event = e.id AND f.phase IN ('retrieving', 'fetchVerified', 'undoing') AND f.stuck_from IS NULL LIMIT 1) THEN 'under way'
    WHEN EXISTS (SELECT FROM file f WHERE f.request_id = e.request_id AND f.stuck_from IS NOT NULL AND f.retrieval_event = e.id LIMIT 1) THEN 'blocked'
    WHEN EXISTS (SELECT FROM file f WHERE f.retrieval_event = e.id LIMIT 1) THEN 'done' ELSE 'ended' END AS state`;

/** What was requested back and what could be. Changes nothing. */
export class RetrievalReports {
  constructor(private readonly pool: pg.Pool) {}

  /** The requests that have these, as far as they may be seen; of each name the one that matters now comes first. */
  async find({ imageIds, filesets }: Named, visibleTo?: Visibility): Promise<readonly FoundPart[]> {
    const values: unknown[] = [imageIds, filesets];
    const visible = isVisible(visibleTo, (given) => `$${values.push(given)}`);
    const whose = `r.owner_id AS "ownerId", r.requester_id AS "requesterId", r.group_id AS "groupId", r.state AS "requestState"`;
    const { rows } = await this.pool.query<FoundPart>(
      `SELECT i.image_id AS "imageId", i.name, i.fileset, i.request_id AS "requestId", ${whose}, i.mark_wanted = 'none' AS past
       FROM request_image i JOIN request r ON r.id = i.request_id WHERE i.image_id = ANY($1::bigint[]) AND ${visible}
       UNION ALL
       SELECT NULL, n.fileset, n.fileset, r.id, ${whose}, false
       FROM unnest($2::text[]) AS n(fileset) CROSS JOIN LATERAL (SELECT DISTINCT request_id FROM file WHERE fileset = n.fileset) f
       JOIN request r ON r.id = f.request_id WHERE ${visible}
       ORDER BY 1, past, "requestId" DESC`,
      values,
    );
    return rows;
  }

  /** Whose these requests are, as far as they may be seen. */
  async requests(
    ids: readonly bigint[],
    visibleTo?: Visibility,
  ): Promise<readonly (Whose & { readonly requestId: bigint })[]> {
    const values: unknown[] = [ids];
    const { rows } = await this.pool.query<Whose & { requestId: bigint }>(
      `SELECT r.id AS "requestId", r.owner_id AS "ownerId", r.requester_id AS "requesterId", r.group_id AS "groupId"
       FROM request r WHERE r.id = ANY($1) AND ${isVisible(visibleTo, (given) => `$${values.push(given)}`)}`,
      values,
    );
    return rows;
  }

  /** Newest first. */
  async list(
    visibleTo: Visibility | undefined,
    page: { readonly before?: bigint | undefined; readonly limit: number },
  ): Promise<readonly RetrievalSummary[]> {
    const values: unknown[] = [page.before ?? null, page.limit];
    const from = `e.what = '${told.asked}' AND ($1::bigint IS NULL OR e.id < $1)`;
    const newest = visibleTo
      ? `SELECT x.id FROM (SELECT r.id FROM request r WHERE ${isVisible(visibleTo, (given) => `$${values.push(given)}`)}) r
         CROSS JOIN LATERAL (SELECT e.id FROM event e WHERE e.request_id = r.id AND ${from} ORDER BY e.id DESC LIMIT $2) x ORDER BY x.id DESC LIMIT $2`
      : `SELECT e.id FROM event e WHERE ${from} ORDER BY e.id DESC LIMIT $2`;
    const { rows } = await this.pool.query<RetrievalSummary>(
      `SELECT ${summary} FROM event e JOIN request r ON r.id = e.request_id WHERE e.id = ANY(ARRAY(${newest})) ORDER BY e.id DESC`,
      values,
    );
    return rows;
  }

  async get(id: bigint): Promise<RetrievalSummary | undefined> {
    const { rows } = await this.pool.query<RetrievalSummary>(
      `SELECT ${summary} FROM event e JOIN request r ON r.id = e.request_id WHERE e.id = $1 AND e.what = '${told.asked}'`,
      [id],
    );
    return rows[0];
  }

  async progress(id: bigint): Promise<readonly RetrievalAmount[]> {
    const { rows } = await this.pool.query<RetrievalAmount>(
      `SELECT state, code, count(*)::int AS files, sum(size)::bigint AS bytes, max(online_until) AS "onlineUntil"
       FROM file WHERE retrieval_event = $1 GROUP BY state, code ORDER BY state, code`,
      [id],
    );
    return rows;
  }

  /** The first filesets of a target that have files in bags. */
  async filesets(target: FilesetTarget, limit: number): Promise<readonly FilesetContent[]> {
    const { files, named } = filesetsOf(target);
    const first =
      target.kind === 'Request'
        ? 'SELECT f.request_id, f.fileset FROM request_image f WHERE f.request_id = ANY($1) GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $2'
        : `SELECT f.request_id, f.fileset FROM file f WHERE ${files} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $2`;
    const { rows } = await this.pool.query<FilesetContent>(
      `SELECT s.request_id AS "requestId", s.fileset, i.name, i.images, f.files, f.bytes FROM (${first}) s
       CROSS JOIN LATERAL (SELECT min(name) AS name, count(*)::int AS images FROM request_image WHERE request_id = s.request_id AND fileset = s.fileset) i
       CROSS JOIN LATERAL (SELECT count(*)::int AS files, coalesce(sum(size), 0)::bigint AS bytes FROM file
         WHERE request_id = s.request_id AND fileset = s.fileset AND bag_id IS NOT NULL AND phase NOT IN ('skipped', 'given up')) f
       ORDER BY 1, 2`,
      [named, limit],
    );
    return rows;
  }

  /** Files by state of each of these filesets. */
  async states(
    parts: readonly RequestPart[],
  ): Promise<readonly (RequestPart & { state: FileState; files: number; bytes: bigint })[]> {
    const { rows } = await this.pool.query(
      `SELECT p.request_id AS "requestId", p.fileset, f.state, count(*)::int AS files, sum(f.size)::bigint AS bytes
       FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[]) AS p(request_id, fileset)) p
       JOIN file f ON f.request_id = p.request_id AND f.fileset = p.fileset GROUP BY 1, 2, 3`,
      [parts.map(({ requestId }) => requestId), parts.map(({ fileset }) => fileset)],
    );
    return rows;
  }
}
