import type pg from 'pg';
import type { AttemptResult } from '@coldroom/domain';
import { writeImportEvent } from './events';
import { advance, type ImportStep } from './advance';
import { underClaim, type ImportClaim } from './import-claims';

/** One run of OMERO's importer. */
export interface ImportAttempt {
  readonly number: number;
  /** `session.id` of OMERO. */
  readonly sessionId: bigint;
  readonly worker: string;
  readonly startedAt: Date;
  readonly closedAt: Date | null;
  readonly judgedAt: Date | null;
  /** Its service was stopped while it ran. */
  readonly interrupted: boolean;
  /** How many images the importer printed for filesets, by their number in OMERO, if that was not compared yet. */
  readonly printed: Readonly<Record<string, number>> | null;
}

/** What is known of the end of an attempt. */
export interface AttemptEnding {
  readonly exitCode?: number | undefined;
  readonly printed?: Readonly<Record<string, number>> | undefined;
  /** Of what OMERO's importer said, without secrets; at most 4000 characters. */
  readonly lastLines?: string | undefined;
}

/** An event names the first ones: a set may have a hundred thousand. */
const filesetsNamed = 100;
const filesetsAtOnce = 1000;

/** The attempts of orders, and what they made. Each change is made under the claim of the order. */
export class ImportAttempts {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Records the OMERO session of an attempt, before the importer is started with it. Fails while another attempt of the
   * order is not judged (unique index `import_attempt_open`). `log`: the file that gets what the importer says.
   */
  async begin(claim: ImportClaim, sessionId: bigint, log?: string): Promise<number> {
    return underClaim(this.pool, claim, async (client) => {
      const { rows } = await client.query<{ number: number }>(
        `INSERT INTO import_attempt (order_id, number, session_id, worker, log)
         SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM import_attempt WHERE order_id = $1 RETURNING number`,
        [claim.order.id, sessionId, claim.worker, log ?? null],
      );
      const { number } = rows[0] as { number: number };
      await this.event(client, claim, 'import started', { attempt: number, session: String(sessionId) });
      return number;
    });
  }

  /** Records that the session of an attempt is closed; may be repeated, the first time counts. */
  async closed(
    claim: ImportClaim,
    number: number,
    { exitCode, printed, lastLines }: AttemptEnding = {},
  ): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        `UPDATE import_attempt SET closed_at = coalesce(closed_at, now()), exit_code = coalesce($3, exit_code),
           printed = coalesce($4, printed), last_lines = coalesce(last_lines, $5)
         WHERE order_id = $1 AND number = $2`,
        [claim.order.id, number, exitCode ?? null, printed ? JSON.stringify(printed) : null, lastLines ?? null],
      );
    });
  }

  /** Records that an attempt was ended because its service stops: it is none of those after which a person has to look. */
  async interrupted(claim: ImportClaim, number: number): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query('UPDATE import_attempt SET interrupted = true WHERE order_id = $1 AND number = $2', [
        claim.order.id,
        number,
      ]);
    });
  }

  /**
   * Records what OMERO has after closed attempts, and what becomes of the order, in one transaction: its filesets are taken
   * over, and another attempt may begin. What is unclear is in the event, and counts as kept if the order is cancelled. Numbers of
   * images that were printed are compared once: if a person has the order go on, what OMERO has counts. `number` is the attempt that was not judged yet;
   * undefined if OMERO was asked again about older ones. `RangeError` if it is not closed, or was judged already.
   */
  async judged(
    claim: ImportClaim,
    number: number | undefined,
    { complete, missing, unclear }: AttemptResult,
    step: ImportStep,
  ): Promise<void> {
    await advance(this.pool, claim, step, async (client) => {
      await takeOver(client, claim, complete);
      await client.query('UPDATE import_order SET unclear_filesets = $2 WHERE id = $1', [claim.order.id, unclear]);
      await client.query('UPDATE import_attempt SET printed = NULL WHERE order_id = $1', [claim.order.id]);
      const { rowCount } =
        number === undefined
          ? { rowCount: 1 }
          : await client.query(
              'UPDATE import_attempt SET judged_at = now() WHERE order_id = $1 AND number = $2 AND closed_at IS NOT NULL AND judged_at IS NULL',
              [claim.order.id, number],
            );
      if (rowCount !== 1)
        throw new RangeError(`attempt ${number} of import ${claim.order.id} is not closed, or judged already`);
      await this.event(client, claim, 'import judged', {
        ...(number === undefined ? {} : { attempt: number }),
        complete: complete.size,
        first: [...complete.values()].slice(0, filesetsNamed).map(({ filesetId }) => String(filesetId)),
        missing: missing.length,
        unclear: unclear.slice(0, filesetsNamed).map(String),
      });
    });
  }

  /** Whether the attempts of these sessions are closed; sessions without one are left out. */
  async bySession(sessionIds: readonly bigint[]): Promise<ReadonlyMap<bigint, 'open' | 'closed'>> {
    const { rows } = await this.pool.query<{ id: bigint; closed: boolean }>(
      'SELECT session_id AS id, closed_at IS NOT NULL AS closed FROM import_attempt WHERE session_id = ANY ($1)',
      [sessionIds],
    );
    return new Map(rows.map(({ id, closed }) => [id, closed ? 'closed' : 'open']));
  }

  /** Newest last. */
  async of(orderId: bigint): Promise<readonly ImportAttempt[]> {
    const { rows } = await this.pool.query<ImportAttempt>(
      `SELECT number, session_id AS "sessionId", worker, started_at AS "startedAt", closed_at AS "closedAt", judged_at AS "judgedAt",
         interrupted, printed
       FROM import_attempt WHERE order_id = $1 ORDER BY number`,
      [orderId],
    );
    return rows;
  }

  private async event(client: pg.PoolClient, claim: ImportClaim, what: string, detail: object): Promise<void> {
    const { order, worker } = claim;
    await writeImportEvent(client, {
      importId: order.id,
      actor: worker,
      what,
      from: order.state,
      to: order.state,
      detail,
    });
  }
}

async function takeOver(
  client: pg.PoolClient,
  { order }: ImportClaim,
  complete: AttemptResult['complete'],
): Promise<void> {
  const all = [...complete];
  for (let at = 0; at < all.length; at += filesetsAtOnce) {
    const some = all.slice(at, at + filesetsAtOnce);
    await client.query(
      `UPDATE import_fileset s SET fileset_id = n.fileset, images = n.images
       FROM unnest($2::int[], $3::bigint[], $4::int[]) AS n(number, fileset, images)
       WHERE s.order_id = $1 AND s.number = n.number AND s.fileset_id IS DISTINCT FROM n.fileset`,
      [
        order.id,
        some.map(([number]) => number),
        some.map(([, { filesetId }]) => filesetId),
        some.map(([, { images }]) => images),
      ],
    );
  }
}
