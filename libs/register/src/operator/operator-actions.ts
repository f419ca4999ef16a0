import type pg from 'pg';
import { movingStates, packBags, unseen, type Packable } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { packAll } from '../requests/pack';
import { syncBagsAndRequests, take } from './scope';
import { filesetsOf, stuckOf, type Target } from './targets';
import { resume, retrievingStates, turnBack } from './turn-back';

export interface UndoResult {
  /** Files that the linker will put back. */
  readonly undoing: number;
  /** Files whose original had not been touched: given up as they were. */
  readonly abandoned: number;
  /** Files whose original is no longer held; only a restore brings them back. */
  readonly released: number;
}

/** What people can do to files that are in progress. */
export class OperatorActions {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Undoes an archive run, whole filesets at a time: held originals are put back, also for files that are online or
   * being retrieved, and files not linked yet are given up. If a worker holds one of the bags now, it throws `NotYet`
   * `BAG_BUSY` and nothing is changed.
   */
  async undo(target: Target, by: string): Promise<UndoResult> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, filesetsOf(target));
      const counts = await turnBack(client, scope, {
        from: ['sealed', 'linked', ...retrievingStates, 'recalled', 'stuck'],
        not: movingStates,
        what: 'undo',
        by,
      });
      const {
        rows: [row],
      } = await client.query<{ released: number }>(
        `SELECT count(*)::int AS released FROM file f WHERE ${scope.files} AND f.released_at IS NOT NULL AND coalesce(f.stuck_from, f.state) = ANY($3)`,
        [...scope.values, ['linked', 'released', ...retrievingStates, 'recalled']],
      );
      await syncBagsAndRequests(client, scope);
      return { ...counts, released: row?.released ?? 0 };
    });
  }

  /**
   * Retries stuck files: from the start and in a new bag if their bag was open, otherwise from where they were. Returns
   * how many.
   */
  async retry(target: Target, bagName: (nr: number) => string, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, stuckOf(target));
      const there = await resume(client, scope, by);
      const { rows: again } = await client.query<Packable & { request_id: bigint; store: string }>(
        `SELECT f.id, f.fileset, f.size, f.request_id, b.store FROM file f JOIN bag b ON b.id = f.bag_id
         WHERE ${scope.files} AND f.stuck_from IS NOT NULL ORDER BY f.fileset, f.path`,
        scope.values,
      );
      let nr = 0;
      for (const group of Map.groupBy(again, (file) => `${file.request_id} ${file.store}`).values()) {
        const { request_id: requestId, store } = group[0] as (typeof again)[number];
        for await (const bag of packBags(each(group))) {
          nr += 1;
          const name = bagName(nr);
          await packAll(client, { requestId, store, identity: unseen }, [{ name, files: bag.files }]);
          await client.query(
            `INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
             SELECT $1, request_id, id, 'retry', 'stuck', 'approved', jsonb_build_object('files', files) FROM bag WHERE name = $2`,
            [by, name],
          );
        }
      }
      await syncBagsAndRequests(client, scope);
      return again.length + there;
    });
  }

  /**
   * Gives up stuck files for good, each with its fileset as far as it is not linked. The originals stay as they are.
   */
  async abandon(target: Target, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const stuck = stuckOf(target);
      const scope = await take(client, {
        ...stuck,
        files: `(f.request_id, f.fileset) IN (SELECT f.request_id, f.fileset FROM file f WHERE ${stuck.files})`,
      });
      const counts = await turnBack(client, scope, {
        from: ['sealed', 'stuck'],
        not: [...retrievingStates, 'recalled', ...movingStates],
        what: 'abandon',
        by,
      });
      await syncBagsAndRequests(client, scope);
      return counts.undoing + counts.abandoned;
    });
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
