import type pg from 'pg';
import { crashPoint, type RequestState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { decide, type Decision } from './decide';
import { addFiles, addImages, setAsideIncomplete, type NewFile, type NewImage, type NewRequest } from './drafts';
import { addNotes, notesOf, type NewNote, type NoteListing } from './notes';
import { packRequest } from './pack';
import { beyondAdopted, type Added } from './adopted-names';
import { recordNotStarted, recordRequestEvent } from './request-events';
import { selectRequests, type RequestFilter, type RequestPage } from './request-filter';
import { summariesOf, totalsOf, type RequestSummary, type RequestTotals } from './summaries';

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
  async create(draft: NewRequest, closure: Closure, by: string, notes: readonly NewNote[] = []): Promise<bigint> {
    const id = await transaction(
      this.pool,
      async (client) => {
        const {
          rows: [row],
        } = await client.query<{ id: bigint }>(
          `INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester, policy, policy_title, objections_until)
         VALUES ('New', $1, $2, $3, $4, $5, $6, $7, $8, now() + nullif($9::integer, 0) * interval '1 day') RETURNING id`,
          [
            draft.ownerId,
            draft.owner,
            draft.groupId,
            draft.group,
            draft.requesterId,
            draft.requester,
            draft.proposal?.policy,
            draft.proposal?.title,
            draft.proposal?.objectionDays,
          ],
        );
        const requestId = (row as { id: bigint }).id;
        await fill(client, requestId, closure);
        await addNotes(client, requestId, notes);
        const what = draft.proposal && draft.proposal.objectionDays > 0 ? 'propose' : 'scan';
        await recordRequestEvent(client, { requestId, what, from: null, to: 'New', by });
        crashPoint('scan:1-requests-written');
        return requestId;
      },
      scanIdleSeconds,
    );
    return id;
  }

  /**
   * Compares a request with OMERO's current data and adds what is new. An approved request that grew returns to New,
   * with code `CLOSURE_GREW`: only what was approved is archived. What the older tool's job named was approved there.
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
        const filled = await fill(client, requestId, closure);
        const added = await beyondAdopted(client, requestId, filled);
        if (filled.images + filled.files > 0)
          await client.query('UPDATE request SET revision = revision + 1 WHERE id = $1', [requestId]);
        if (added > 0 && row.state === 'Approved') {
          await client.query(`UPDATE request SET state = 'New', decided_at = NULL, decided_by = NULL WHERE id = $1`, [
            requestId,
          ]);
          await recordRequestEvent(client, {
            requestId,
            what: 'reopen',
            from: 'Approved',
            to: 'New',
            code: 'CLOSURE_GREW',
            detail: { added },
            by,
          });
        }
        return added;
      },
      scanIdleSeconds,
    );
  }

  /** Without proposals to which owners can still object. */
  async inState(state: RequestState): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      'SELECT id FROM request WHERE state = $1 AND objections_until IS NULL ORDER BY id',
      [state],
    );
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

  /** Newest first; without a limit, all of them. */
  async list(filter: RequestFilter = {}, page: RequestPage = {}): Promise<readonly RequestSummary[]> {
    const { sql, values } = selectRequests(filter, page);
    return summariesOf(this.pool, sql, values);
  }

  /** Of all that the filter selects; the cost grows with the number of these requests, not of their files. */
  async totals(filter: RequestFilter): Promise<RequestTotals> {
    const { sql, values } = selectRequests(filter, {});
    return totalsOf(this.pool, sql, values);
  }

  async get(requestId: bigint): Promise<RequestSummary | undefined> {
    return (await summariesOf(this.pool, 'SELECT $1::bigint', [requestId]))[0];
  }

  /**
   * New → Approved. The scanner then compares it with OMERO once more and packs its bags, for `store` if one is named.
   * See `decide`.
   */
  async approve(
    requestId: bigint,
    by: string,
    store: string | null = null,
    reviewed: Pick<Decision, 'revision' | 'filesets'> = {},
  ): Promise<void> {
    await decide(this.pool, requestId, { ...reviewed, state: 'Approved', store, by });
  }

  /** New → Declined: nothing was touched, and the marks are removed. See `decide`. */
  async decline(
    requestId: bigint,
    by: string,
    reason: string | null,
    reviewed: Pick<Decision, 'revision' | 'filesets'> = {},
  ): Promise<void> {
    await decide(this.pool, requestId, { ...reviewed, state: 'Declined', reason, by });
  }

  /** New → Declined by those who asked for it: as `decline`, with an event of its own. */
  async withdraw(requestId: bigint, by: string, reviewed: Pick<Decision, 'revision'> = {}): Promise<void> {
    const reason = `withdrawn by ${by}`;
    await decide(this.pool, requestId, { ...reviewed, state: 'Declined', reason, withdrawn: true, by });
  }

  /**
   * Withdraws the filesets of these images from a New request, as `withdraw` does; the rest stays New. Returns whether there
   * was anything to withdraw. `Refused` `REQUEST_DECIDED` if it is decided already.
   */
  async withdrawImages(requestId: bigint, imageIds: readonly bigint[], by: string): Promise<boolean> {
    const { rows } = await this.pool.query<{ fileset: string }>(
      'SELECT DISTINCT fileset FROM request_image WHERE request_id = $1 AND image_id = ANY($2)',
      [requestId, imageIds],
    );
    if (rows.length === 0) return false;
    const filesets = rows.map(({ fileset }) => fileset);
    const reason = `withdrawn by ${by}`;
    await decide(this.pool, requestId, { filesets, state: 'Declined', reason, withdrawn: true, by });
    return true;
  }

  /** What people wrote about the images of these requests; see `notesOf`. */
  async notes(requestIds: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly NoteListing[]>> {
    return notesOf(this.pool, requestIds);
  }

  /** Approved → Running: packs bags, in which the files are `approved`. Safe to repeat. Returns the number of bags. */
  async start(requestId: bigint, store: string, bagName: (nr: number) => string, by: string): Promise<number> {
    const started = await transaction(this.pool, (client) => packRequest(client, requestId, { store, bagName, by }));
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
    await recordNotStarted(this.pool, requestId, why, by);
  }
}

async function fill(client: pg.PoolClient, requestId: bigint, closure: Closure): Promise<Added> {
  let [addedImages, addedFiles] = [0, 0];
  for await (const images of closure.images) addedImages += await addImages(client, requestId, images);
  for await (const files of closure.files) addedFiles += await addFiles(client, requestId, files);
  await setAsideIncomplete(client, requestId);
  return { images: addedImages, files: addedFiles };
}
