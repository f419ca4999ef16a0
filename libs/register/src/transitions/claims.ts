import type pg from 'pg';
import { NotYet, codeOf, messageOf, type ArchiveFile, type RequestState, type WorkState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { fileColumns, toFile, type FileRow } from '../db/rows';
import { completeFilesets, fetchedFilesets, imagesOf } from './filesets';

/** The right to work on a bag until the lease ends. A later claim gets a higher fence and makes this one void. */
export interface Claim {
  readonly bagId: bigint;
  readonly bag: string;
  readonly requestId: bigint;
  readonly requestState: RequestState;
  readonly owner: string;
  readonly ownerId: bigint;
  readonly group: string;
  readonly groupId: bigint;
  readonly requester: string;
  readonly requesterId: bigint;
  readonly store: string;
  /** The store that the bag is moving to, if it is. */
  readonly movingTo: string | null;
  /** The store that it was last moved from: links may still lead there. */
  readonly movedFrom: string | null;
  /**
   * The directory into which its links led before its store was moved, while they are led to where it is now;
   * `leaveAsTheyAre` after a cancel.
   */
  readonly relinkFrom: string | null;
  readonly state: WorkState;
  readonly worker: string;
  readonly fence: bigint;
  readonly attempts: number;
  readonly bagCreatedAt: Date;
  /** Since when the bag waits for something external, or null. */
  readonly waitingSince: Date | null;
  /** The files of the bag that are in `state`, by id. */
  readonly files: readonly ArchiveFile[];
}

export interface DueBag {
  readonly bagId: bigint;
  readonly state: WorkState;
}

/** How many bags a stage could start on now, and how many are being worked on. */
export interface Backlog {
  readonly service: string;
  readonly stage: string;
  readonly due: number;
  readonly claimed: number;
}

/** A bag is due, and no worker holds it. */
export const isPastDue = `state <> 'done' AND not_before <= now() AND (lease_until IS NULL OR lease_until < now())`;

/** Which worker holds which bag. */
export class Claims {
  constructor(private readonly pool: pg.Pool) {}

  /** Bags that are due and that no worker holds, oldest first. */
  async due(states: readonly WorkState[], limit = 1000): Promise<readonly DueBag[]> {
    const { rows } = await this.pool.query<{ id: bigint; state: WorkState }>(
      `SELECT b.id, b.state FROM unnest($1::text[]) AS wanted(state) CROSS JOIN LATERAL (
         SELECT id, state, not_before FROM bag
         WHERE state = wanted.state AND ${isPastDue}
         ORDER BY not_before, id LIMIT $2) b
       ORDER BY b.not_before, b.id LIMIT $2`,
      [states, limit],
    );
    return rows.map((row) => ({ bagId: row.id, state: row.state }));
  }

  /** The work of each stage; what is postponed, stopped or stuck does not count. */
  async backlog(): Promise<readonly Backlog[]> {
    const { rows } = await this.pool.query<Backlog>(
      'SELECT service, stage, due::int AS due, claimed::int AS claimed FROM backlog',
    );
    return rows;
  }

  /** Claims a bag by compare-and-set; undefined if it is not due, or if another worker holds it. */
  async claim(
    bagId: bigint,
    states: readonly WorkState[],
    worker: string,
    leaseMs: number,
  ): Promise<Claim | undefined> {
    return transaction(this.pool, async (client) => {
      const {
        rows: [row],
      } = await client.query(
        `UPDATE bag SET claimed_by = $3, fence = fence + 1, lease_until = now() + $4 * interval '1 ms', done_bytes = 0, due_now = false
         FROM request r
         WHERE bag.id = $1 AND r.id = bag.request_id AND bag.state = ANY($2) AND not_before <= now()
           AND (lease_until IS NULL OR lease_until < now())
         RETURNING bag.name, bag.request_id, bag.store, bag.moving_to, bag.moved_from, bag.relink_from, bag.state, bag.fence, bag.attempts, bag.created_at, bag.waiting_since, r.state AS request_state,
           r.owner, r.owner_id, r.group_name, r.group_id, r.requester, r.requester_id`,
        [bagId, states, worker, leaseMs],
      );
      if (!row) return undefined;
      const { rows: files } = await client.query<FileRow>(
        `SELECT ${fileColumns} FROM file f WHERE f.bag_id = $1 AND f.state = $2 ORDER BY f.id`,
        [bagId, row.state],
      );
      return {
        bagId,
        bag: row.name,
        requestId: row.request_id,
        requestState: row.request_state,
        owner: row.owner,
        ownerId: row.owner_id,
        group: row.group_name,
        groupId: row.group_id,
        requester: row.requester,
        requesterId: row.requester_id,
        store: row.store,
        movingTo: row.moving_to,
        movedFrom: row.moved_from,
        relinkFrom: row.relink_from,
        state: row.state,
        worker,
        fence: row.fence,
        attempts: row.attempts,
        bagCreatedAt: row.created_at,
        waitingSince: row.waiting_since,
        files: files.map(toFile),
      };
    });
  }

  /** Renews a lease; false if the claim is lost: then nothing more may be changed. */
  async renew(claim: Claim, leaseMs: number, doneBytes: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `UPDATE bag SET lease_until = now() + $4 * interval '1 ms', done_bytes = $5
       WHERE id = $1 AND claimed_by = $2 AND fence = $3 AND lease_until > now()`,
      [claim.bagId, claim.worker, claim.fence, leaseMs, Math.round(doneBytes)],
    );
    return rowCount === 1;
  }

  /**
   * Gives the bag back for another try after `delayMs`; an `attempt` is counted and recorded. If the fileset it waits
   * for was completed in the meantime, it may continue at once. Waiting counts towards a deadline, unless `why` is a
   * NotYet with `details.noDeadline`. False if the claim is lost.
   */
  async postpone(claim: Claim, delayMs: number, why: unknown, attempt: boolean): Promise<boolean> {
    const forEver = why instanceof NotYet && why.details['noDeadline'] === true;
    return transaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE bag SET claimed_by = NULL, lease_until = NULL, note = $5,
           not_before = CASE WHEN due_now AND NOT $6 THEN now() ELSE now() + $4 * interval '1 ms' END,
           attempts = CASE WHEN $6 THEN attempts + 1 ELSE attempts END,
           waiting_since = CASE WHEN $6 OR due_now THEN waiting_since WHEN $7 THEN NULL ELSE coalesce(waiting_since, now()) END
         WHERE id = $1 AND claimed_by = $2 AND fence = $3`,
        [claim.bagId, claim.worker, claim.fence, delayMs, messageOf(why), attempt, forEver],
      );
      if (rowCount === 1 && attempt) {
        await client.query(
          `INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, code, detail)
           VALUES ($1, $2, $3, 'attempt failed', $4, $4, $5, jsonb_build_object('message', $6::text, 'attempt', $7::int))`,
          [claim.worker, claim.requestId, claim.bagId, claim.state, codeOf(why), messageOf(why), claim.attempts + 1],
        );
      }
      return rowCount === 1;
    });
  }

  /** Gives a bag back unchanged, to be offered again at once. */
  async releaseClaim(claim: Claim): Promise<void> {
    await this.pool.query(
      `UPDATE bag SET claimed_by = NULL, lease_until = NULL WHERE id = $1 AND claimed_by = $2 AND fence = $3`,
      [claim.bagId, claim.worker, claim.fence],
    );
  }

  /** Of the given filesets of the request, those in which every file that was taken is durable or beyond. */
  async completeFilesets(requestId: bigint, filesets: readonly string[]): Promise<ReadonlySet<string>> {
    return completeFilesets(this.pool, requestId, filesets);
  }

  /** Of the given filesets of the request, those in which every file that was requested back is fetched and proven. */
  async fetchedFilesets(requestId: bigint, filesets: readonly string[]): Promise<ReadonlySet<string>> {
    return fetchedFilesets(this.pool, requestId, filesets);
  }

  /** The images of these filesets, for the description that is written to the bag. */
  async imagesOf(requestId: bigint, filesets: readonly string[]): Promise<ReadonlyMap<string, readonly bigint[]>> {
    return imagesOf(this.pool, requestId, filesets);
  }

  /** All files of the bag in `state`, whichever worker holds it. */
  async filesOf(bagId: bigint, state: WorkState): Promise<readonly ArchiveFile[]> {
    const { rows } = await this.pool.query<FileRow>(
      `SELECT ${fileColumns} FROM file f WHERE f.bag_id = $1 AND f.state = $2 ORDER BY f.id`,
      [bagId, state],
    );
    return rows.map(toFile);
  }

  /** These files of a claimed bag as they are now in the register, in order. */
  async asOfNow(bagId: bigint, files: readonly ArchiveFile[]): Promise<readonly ArchiveFile[]> {
    const { rows } = await this.pool.query<FileRow>(
      `SELECT ${fileColumns} FROM file f WHERE f.bag_id = $1 AND f.id = ANY($2::bigint[])`,
      [bagId, files.map(({ id }) => id)],
    );
    const found = new Map(rows.map((row) => [BigInt(row.id), toFile(row)]));
    return files.map((file) => found.get(file.id) ?? file);
  }
}
