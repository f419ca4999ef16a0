import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { crashPoint, type RequestState, type RootName } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import { recordRequestEvent } from '../requests/request-events';
import type { NewRequest } from '../requests/drafts';
import type { MarkState } from '../requests/marks';
import { syncRequest } from '../transitions/sync-request';
import { insertAdopted, type AdoptedFile } from './adopted-files';

/** A job of the older tool. */
export interface JobKey {
  /** The store that is its archive directory. */
  readonly store: string;
  readonly job: string;
}

export interface AdoptedImage {
  readonly imageId: bigint;
  readonly name: string;
  readonly fileset: string;
  readonly wanted: MarkState;
  /** What OMERO shows of it now, if that has to be taken back. */
  readonly written: MarkState | null;
  readonly archivedBefore: boolean | null;
}

/** What a job becomes once all that it has archived is in the register. */
export interface Settlement {
  readonly state: Extract<RequestState, 'New' | 'Approved' | 'Declined' | 'Finished'>;
  readonly images: readonly AdoptedImage[];
  /** The files that are still to be archived. */
  readonly names: readonly { readonly root: RootName; readonly path: Buffer }[];
  readonly notes: Readonly<Record<string, string>>;
}

/** The take-over from the older tool: each of its jobs becomes one request. Every step may be repeated. */
export class Adoptions {
  constructor(private readonly pool: pg.Pool) {}

  /** The request of a job, made if there is none. Until it is settled, services leave it alone. */
  async begin({ store, job }: JobKey, draft: NewRequest, by: string): Promise<bigint> {
    return transaction(this.pool, async (client) => {
      const known = await requestOf(client, { store, job });
      if (known !== undefined) return known;
      const {
        rows: [row],
      } = await client.query<{ id: bigint }>(
        `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester)
         VALUES ('Finished', $1, $2, $3, $4, $5, $6) RETURNING id`,
        [draft.ownerId, draft.owner, draft.groupId, draft.group, draft.requesterId, draft.requester],
      );
      const requestId = (row as { id: bigint }).id;
      await client.query('INSERT INTO adopted_job (store, job, request_id) VALUES ($1, $2, $3)', [
        store,
        job,
        requestId,
      ]);
      await recordRequestEvent(client, { requestId, what: 'adopt', from: null, to: 'Finished', detail: { job }, by });
      return requestId;
    });
  }

  /** The request of a job that was begun. */
  async requestOf(key: JobKey): Promise<bigint | undefined> {
    return requestOf(this.pool, key);
  }

  /** Of these paths, the request that has each now, or null. */
  async requestsOf(
    files: readonly { readonly root: RootName; readonly path: Buffer }[],
  ): Promise<readonly (bigint | null)[]> {
    const { rows } = await this.pool.query<{ request_id: bigint | null }>(
      `SELECT f.request_id FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS mine(root, path, nr)
       LEFT JOIN file f ON f.root = mine.root AND f.path = mine.path AND f.phase NOT IN ('skipped', 'given up', 'restored') ORDER BY mine.nr`,
      [files.map(({ root }) => root), files.map(({ path }) => path)],
    );
    return rows.map((row) => row.request_id);
  }

  /** Adds files that were read to a request, as one bag of the store. Returns the bag. */
  async add(requestId: bigint, store: string, files: readonly AdoptedFile[], by: string): Promise<bigint> {
    const bagId = await transaction(this.pool, async (client) => {
      await lockRequests(client, [requestId]);
      const {
        rows: [row],
      } = await client.query<{ id: bigint }>(
        `INSERT INTO bag (request_id, name, store, state, files, bytes, sealed_at) VALUES ($1, $2, $3, 'done', $4, $5, now()) RETURNING id`,
        [
          requestId,
          `request-${requestId}-adopted-${randomBytes(6).toString('hex')}`,
          store,
          files.length,
          files.reduce((sum, file) => sum + file.identity.size, 0n),
        ],
      );
      const { id } = row as { id: bigint };
      await insertAdopted(client, requestId, id, files, by);
      crashPoint('adopt:2-written');
      return id;
    });
    crashPoint('adopt:3-committed');
    return bagId;
  }

  /**
   * Ends the take-over of a job: its images, and what is left to do. Repeated later, it only adds images and brings marks
   * in line. Images that are in another request are left there.
   */
  async settle(requestId: bigint, { state, images, names, notes }: Settlement, by: string): Promise<void> {
    await transaction(this.pool, async (client) => {
      await lockRequests(client, [requestId]);
      const { rowCount: isFirst } = await client.query(
        'UPDATE adopted_job SET settled_at = now() WHERE request_id = $1 AND settled_at IS NULL',
        [requestId],
      );
      await insertImages(client, requestId, images);
      if (isFirst) await this.end(client, requestId, { state, names, notes }, by);
      else {
        // Of the others, a part is not in the register yet.
        const whole = images.filter(({ wanted }) => wanted === 'archived').map(({ fileset }) => fileset);
        await syncRequest(client, requestId, [...new Set(whole)]);
      }
      crashPoint('adopt:4-settled');
    });
  }

  private async end(
    client: pg.PoolClient,
    requestId: bigint,
    { state, names, notes }: Omit<Settlement, 'images'>,
    by: string,
  ): Promise<void> {
    await client.query(
      `INSERT INTO adopted_name (request_id, root, path) SELECT $1, root, path FROM unnest($2::text[], $3::bytea[]) AS n(root, path) ON CONFLICT DO NOTHING`,
      [requestId, names.map(({ root }) => root), names.map(({ path }) => path)],
    );
    const decided = state === 'Approved' || state === 'Declined';
    await client.query(
      `UPDATE request SET state = $2, decided_at = CASE WHEN $3 THEN now() END, decided_by = CASE WHEN $3 THEN 'the older tool' END WHERE id = $1`,
      [requestId, state, decided],
    );
    await recordRequestEvent(client, {
      requestId,
      what: 'adopt',
      from: 'Finished',
      to: state,
      detail: { left: names.length, ...(Object.keys(notes).length > 0 ? { notes } : {}) },
      by,
    });
  }

  /** New requests that were taken over, and to which the scanner has not yet added what is left to do. */
  async notFilled(): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT r.id FROM adopted_job j JOIN request r ON r.id = j.request_id WHERE r.state = 'New' AND j.settled_at IS NOT NULL AND j.filled_at IS NULL ORDER BY 1`,
    );
    return rows.map((row) => row.id);
  }
}

async function requestOf(sql: Pick<pg.ClientBase, 'query'>, { store, job }: JobKey): Promise<bigint | undefined> {
  const { rows } = await sql.query<{ request_id: bigint }>(
    'SELECT request_id FROM adopted_job WHERE store = $1 AND job = $2',
    [store, job],
  );
  return rows[0]?.request_id;
}

async function insertImages(client: pg.ClientBase, requestId: bigint, images: readonly AdoptedImage[]): Promise<void> {
  await client.query(
    `INSERT INTO request_image (request_id, image_id, name, fileset, marked, mark_wanted, mark_written, archived_before)
     SELECT $1, i.id, i.name, i.fileset, true, i.wanted, i.written, i.before
     FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[]) AS i(id, name, fileset, wanted, written, before)
     WHERE i.wanted <> 'none' OR NOT EXISTS (SELECT FROM request_image o WHERE o.image_id = i.id AND o.mark_wanted <> 'none')
     ON CONFLICT DO NOTHING`,
    [
      requestId,
      images.map((i) => i.imageId),
      images.map((i) => i.name),
      images.map((i) => i.fileset),
      images.map((i) => i.wanted),
      images.map((i) => i.written),
      images.map((i) => i.archivedBefore),
    ],
  );
  // What an earlier job would have taken back belongs to this one.
  await client.query(
    `UPDATE request_image o SET mark_written = 'none' FROM request_image i
     WHERE i.request_id = $1 AND i.image_id = ANY($2) AND i.mark_wanted <> 'none' AND o.image_id = i.image_id AND o.request_id <> $1 AND o.mark_wanted = 'none'`,
    [requestId, images.map((i) => i.imageId)],
  );
}
