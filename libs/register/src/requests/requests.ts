import type pg from 'pg';
import { packBags, Refused, crashPoint, type Packable, type RequestState, type Identity } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { formatIdentity } from '../db/rows';
import { addFiles, addImages, setAsideIncomplete, type NewFile, type NewImage, type NewRequest } from './drafts';

/** What a request contains: counted from its files, never stored separately. */
export interface RequestSummary {
  readonly id: bigint;
  readonly state: RequestState;
  readonly owner: string;
  readonly group: string;
  readonly requester: string;
  readonly createdAt: Date;
  readonly decidedBy: string | null;
  readonly reason: string | null;
  /** The store named for it, or null. */
  readonly store: string | null;
  readonly images: number;
  readonly markedImages: number;
  readonly filesets: number;
  readonly files: number;
  readonly bytes: bigint;
  readonly skipped: number;
  readonly stuck: number;
  readonly linked: number;
}

export interface Closure {
  readonly images: AsyncIterable<readonly NewImage[]>;
  readonly files: AsyncIterable<readonly NewFile[]>;
}

const manyBags = 100;

/** A scan looks at OMERO's database and at the disk between two batches. */
const scanIdleSeconds = 600;

/** Requests, from the scan to the decision and the packing of bags. */
export class Requests {
  constructor(private readonly pool: pg.Pool) {}

  /** Writes a request with everything that belongs to it, in one transaction; only one batch is in memory. */
  async create(draft: NewRequest, closure: Closure, by: string): Promise<bigint> {
    const id = await transaction(
      this.pool,
      async (client) => {
        const {
          rows: [row],
        } = await client.query<{ id: bigint }>(
          `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester)
         VALUES ('New', $1, $2, $3, $4, $5, $6) RETURNING id`,
          [draft.ownerId, draft.owner, draft.groupId, draft.group, draft.requesterId, draft.requester],
        );
        const requestId = (row as { id: bigint }).id;
        await fill(client, requestId, closure);
        await note(client, by, requestId, 'scan', null, 'New');
        crashPoint('scan:1-requests-written');
        return requestId;
      },
      scanIdleSeconds,
    );
    return id;
  }

  /**
   * Compares a request with OMERO's current data and adds what is new. An approved request that grew returns to New,
   * with code `CLOSURE_GREW`: only what was approved is archived.
   * @returns how many images and files were added
   */
  async refresh(requestId: bigint, closure: Closure, by: string): Promise<number> {
    return transaction(
      this.pool,
      async (client) => {
        const {
          rows: [row],
        } = await client.query<{ state: RequestState }>('SELECT state FROM request WHERE id = $1 FOR UPDATE', [
          requestId,
        ]);
        if (row?.state !== 'New' && row?.state !== 'Approved') return 0;
        const added = await fill(client, requestId, closure);
        if (added > 0 && row.state === 'Approved') {
          await client.query(`UPDATE request SET state = 'New', decided_at = NULL, decided_by = NULL WHERE id = $1`, [
            requestId,
          ]);
          await note(client, by, requestId, 'reopen', 'Approved', 'New', 'CLOSURE_GREW', { added });
        }
        return added;
      },
      scanIdleSeconds,
    );
  }

  async inState(state: RequestState): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>('SELECT id FROM request WHERE state = $1 ORDER BY id', [
      state,
    ]);
    return rows.map((row) => row.id);
  }

  async markedImages(requestId: bigint): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ image_id: bigint }>(
      'SELECT image_id FROM request_image WHERE request_id = $1 AND marked ORDER BY image_id',
      [requestId],
    );
    return rows.map((row) => row.image_id);
  }

  /** Of these images, those in a request that is not done with them, with that request. */
  async requestsOf(images: readonly bigint[]): Promise<ReadonlyMap<bigint, bigint>> {
    const { rows } = await this.pool.query<{ image_id: bigint; request_id: bigint }>(
      `SELECT image_id, request_id FROM request_image WHERE image_id = ANY($1) AND mark_wanted <> 'none'`,
      [images],
    );
    return new Map(rows.map((row) => [row.image_id, row.request_id]));
  }

  async list(states?: readonly RequestState[]): Promise<readonly RequestSummary[]> {
    return this.summaries(states ? 'r.state = ANY($1)' : '$1::text[] IS NULL', states ?? null);
  }

  async get(requestId: bigint): Promise<RequestSummary | undefined> {
    return (await this.summaries('r.id = $1', requestId))[0];
  }

  /**
   * New → Approved. The scanner then compares it with OMERO once more and packs its bags, for `store` if one is named.
   */
  async approve(requestId: bigint, by: string, store: string | null = null): Promise<void> {
    await this.decide(requestId, by, 'Approved', null, store);
  }

  /** New → Declined: nothing was touched, and the marks are removed. */
  async decline(requestId: bigint, by: string, reason: string | null): Promise<void> {
    await this.decide(requestId, by, 'Declined', reason);
  }

  /** Approved → Running: packs bags, in which the files are `approved`. Safe to repeat. Returns the number of bags. */
  async start(requestId: bigint, store: string, bagName: (nr: number) => string, by: string): Promise<number> {
    const started = await transaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE request SET state = 'Running' WHERE id = $1 AND state = 'Approved'`,
        [requestId],
      );
      if (rowCount !== 1) return 0;
      let bags = 0;
      for await (const bag of packBags(registeredFiles(client, requestId))) {
        bags += 1;
        await packOne(client, requestId, store, bagName(bags), bag.files);
      }
      await note(client, by, requestId, 'start', 'Approved', 'Running', null, { bags });
      if (bags === 0) await client.query(`UPDATE request SET state = 'Finished' WHERE id = $1`, [requestId]);
      await client.query(
        `UPDATE request_image i SET mark_wanted = 'none' WHERE request_id = $1 AND NOT EXISTS (
           SELECT FROM file f WHERE f.request_id = $1 AND f.fileset = i.fileset AND f.phase <> 'skipped')`,
        [requestId],
      );
      crashPoint('scan:4-bags-packed');
      return bags;
    });
    // Plans for tables that just grew a lot are far off until PostgreSQL analyzes them; autovacuum may not do so for a
    // minute.
    if (started > manyBags) await this.pool.query('ANALYZE request_image, bag, file');
    return started;
  }

  /** Records in the request's events why it is not started yet; the same reason is not repeated. */
  async notStarted(
    requestId: bigint,
    why: { readonly code: string; readonly reason: string },
    by: string,
  ): Promise<void> {
    await this.pool.query(
      `INSERT INTO event (actor, request_id, what, code, detail) SELECT $2, $1, 'not started', $3, jsonb_build_object('reason', $4::text)
       WHERE NOT EXISTS (SELECT FROM (SELECT what, code, detail FROM event WHERE request_id = $1 ORDER BY id DESC LIMIT 1) last
         WHERE last.what = 'not started' AND last.code = $3 AND last.detail->>'reason' = $4)`,
      [requestId, by, why.code, why.reason],
    );
  }

  private async decide(
    requestId: bigint,
    by: string,
    state: 'Approved' | 'Declined',
    reason: string | null,
    store: string | null = null,
  ): Promise<void> {
    await transaction(this.pool, async (client) => {
      const {
        rows: [row],
      } = await client.query<{ state: RequestState }>('SELECT state FROM request WHERE id = $1 FOR UPDATE', [
        requestId,
      ]);
      if (!row)
        throw new Refused('NO_SUCH_REQUEST', `There is no request ${requestId}; "coldroom requests list" shows all`);
      if (row.state !== 'New')
        throw new Refused(
          'REQUEST_DECIDED',
          `Request ${requestId} is ${row.state} already; only a New request can be decided`,
        );
      await client.query(
        'UPDATE request SET state = $2, decided_at = now(), decided_by = $3, reason = $4, store = $5 WHERE id = $1',
        [requestId, state, by, reason, store],
      );
      if (state === 'Declined') {
        await client.query(`UPDATE file SET state = 'declined' WHERE request_id = $1 AND state = 'registered'`, [
          requestId,
        ]);
        await client.query(`UPDATE request_image SET mark_wanted = 'none' WHERE request_id = $1`, [requestId]);
      }
      await note(
        client,
        by,
        requestId,
        state === 'Approved' ? 'approve' : 'decline',
        'New',
        state,
        null,
        reason ? { reason } : store ? { store } : undefined,
      );
    });
  }

  private async summaries(condition: string, value: unknown): Promise<readonly RequestSummary[]> {
    const { rows } = await this.pool.query(
      `SELECT r.*, i.images, i.marked, i.filesets, f.files, f.bytes, f.skipped, f.stuck, f.linked FROM request r
       CROSS JOIN LATERAL (SELECT count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked, count(DISTINCT fileset)::int AS filesets
         FROM request_image WHERE request_id = r.id) i
       CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state <> 'skipped')::int AS files,
           coalesce(sum(size) FILTER (WHERE state <> 'skipped'), 0)::bigint AS bytes,
           count(*) FILTER (WHERE state = 'skipped')::int AS skipped, count(*) FILTER (WHERE state = 'stuck')::int AS stuck,
           count(*) FILTER (WHERE phase IN ('linked', 'recalled', 'retrieving', 'fetchVerified', 'moving'))::int AS linked
         FROM file WHERE request_id = r.id) f
       WHERE ${condition} ORDER BY r.id`,
      [value],
    );
    return rows.map((row) => ({
      id: row.id,
      state: row.state,
      owner: row.owner,
      group: row.group_name,
      requester: row.requester,
      createdAt: row.created_at,
      decidedBy: row.decided_by,
      reason: row.reason,
      store: row.store,
      images: row.images,
      markedImages: row.marked,
      filesets: row.filesets,
      files: row.files,
      bytes: row.bytes,
      skipped: row.skipped,
      stuck: row.stuck,
      linked: row.linked,
    }));
  }
}

async function fill(client: pg.PoolClient, requestId: bigint, closure: Closure): Promise<number> {
  let added = 0;
  for await (const images of closure.images) added += await addImages(client, requestId, images);
  for await (const files of closure.files) added += await addFiles(client, requestId, files);
  await setAsideIncomplete(client, requestId);
  return added;
}

async function* registeredFiles(client: pg.PoolClient, requestId: bigint): AsyncGenerator<Packable> {
  await client.query(
    `DECLARE registered NO SCROLL CURSOR FOR SELECT id, fileset, size FROM file
     WHERE request_id = ${requestId} AND state = 'registered' ORDER BY fileset, path`,
  );
  for (;;) {
    const { rows } = await client.query<Packable>('FETCH 5000 FROM registered');
    if (rows.length === 0) break;
    yield* rows;
  }
  await client.query('CLOSE registered');
}

/** Makes one bag of these files and puts them into it as `approved`. */
export async function packOne(
  client: pg.ClientBase,
  requestId: bigint,
  store: string,
  name: string,
  files: readonly Packable[],
  identity: Identity | null = null,
): Promise<void> {
  await client.query(
    `WITH made AS (INSERT INTO bag (request_id, name, store, state, files, bytes) VALUES ($1, $2, $3, 'approved', $4, $5) RETURNING id)
     UPDATE file SET bag_id = made.id, state = 'approved', stuck_from = NULL, code = NULL, reason = NULL, copy_attempts = 0,
       copy_version = NULL, copy_digest = NULL, copy_read = NULL, copy_checked_at = NULL, copy_fault = NULL, identity = coalesce($7, identity) FROM made WHERE file.id = ANY($6)`,
    [
      requestId,
      name,
      store,
      files.length,
      files.reduce((sum, file) => sum + file.size, 0n),
      files.map((file) => file.id),
      identity && formatIdentity(identity),
    ],
  );
}

/** Writes one event about a request. */
export async function note(
  client: pg.ClientBase,
  actor: string,
  requestId: bigint,
  what: string,
  from: string | null,
  to: string | null,
  code: string | null = null,
  detail?: Readonly<Record<string, unknown>>,
): Promise<void> {
  await client.query(
    'INSERT INTO event (actor, request_id, what, from_state, to_state, code, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [actor, requestId, what, from, to, code, detail ? JSON.stringify(detail) : null],
  );
}
