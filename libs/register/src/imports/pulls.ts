import type pg from 'pg';
import { transaction } from '../db/connection';

/** A set as an instrument lists it. */
export interface SetOfInstrument {
  readonly instrument: string;
  /** Below the directory of the instrument. */
  readonly path: Buffer;
  readonly display: string;
  readonly look: string;
  readonly files: number;
  readonly bytes: bigint;
}

/** What is known of a set. */
export interface KnownPull {
  /** It has looked the same for this many milliseconds. */
  readonly sameForMs: number;
  readonly arrivedLook: string | null;
  /** An attempt that failed is to be repeated later. */
  readonly mustWait: boolean;
  readonly moving: string | null;
  readonly attempts: number;
}

export interface InstrumentRound {
  readonly name: string;
  readonly askedAt: Date | null;
  readonly begunAt: Date | null;
  readonly endedAt: Date | null;
  readonly failure: string | null;
}

export interface PulledSet {
  readonly display: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly since: Date;
  readonly destination: string | null;
  readonly arrivedAt: Date | null;
  readonly note: string | null;
  readonly fault: string | null;
}

/** What is pulled from instruments. */
export class Pulls {
  constructor(private readonly pool: pg.Pool) {}

  /** A round of this instrument is to begin at once. */
  async ask(name: string, by: string): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query(
        'INSERT INTO import_instrument (name, asked_at) VALUES ($1, now()) ON CONFLICT (name) DO UPDATE SET asked_at = now()',
        [name],
      );
      await client.query(`INSERT INTO event (actor, what, detail) VALUES ($1, 'pull asked', $2)`, [
        by,
        { instrument: name },
      ]);
    });
  }

  /** Begins a round if it is due; false if it is not. */
  async begin(name: string, everyMs: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `INSERT INTO import_instrument AS i (name, begun_at) VALUES ($1, now())
       ON CONFLICT (name) DO UPDATE SET begun_at = now()
         WHERE i.begun_at IS NULL OR i.asked_at > i.begun_at OR i.begun_at <= now() - $2 * interval '1 ms'`,
      [name, everyMs],
    );
    return rowCount === 1;
  }

  async end(name: string, failure: string | null): Promise<void> {
    await this.pool.query('UPDATE import_instrument SET ended_at = now(), failure = $2 WHERE name = $1', [
      name,
      failure,
    ]);
  }

  /** Records how a set looks now. */
  async seen({ instrument, path, display, look, files, bytes }: SetOfInstrument): Promise<KnownPull> {
    const { rows } = await this.pool.query<KnownPull>(
      `INSERT INTO import_pulled AS p (instrument, path, display, look, files, bytes) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (instrument, path) DO UPDATE SET display = $3, look = $4, files = $5, bytes = $6, seen_at = now(),
         since = CASE WHEN p.look = $4 THEN p.since ELSE now() END
       RETURNING (extract(epoch FROM now() - since) * 1000)::float8 AS "sameForMs", arrived_look AS "arrivedLook",
         not_before > now() AS "mustWait", moving, attempts`,
      [instrument, path, display, look, files, bytes],
    );
    return rows[0] as KnownPull;
  }

  /** The directory that is about to get its name in the buffer. */
  async moving({ instrument, path }: SetOfInstrument, inode: string): Promise<void> {
    await this.pool.query('UPDATE import_pulled SET moving = $3 WHERE instrument = $1 AND path = $2', [
      instrument,
      path,
      inode,
    ]);
  }

  /** Its copy is proven and is in the buffer. */
  async arrived({ instrument, path, display, look }: SetOfInstrument, destination: string, by: string): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query(
        `UPDATE import_pulled SET arrived_at = now(), arrived_look = $3, destination = $4, moving = NULL, attempts = 0,
           note = NULL, fault = NULL, fault_look = NULL WHERE instrument = $1 AND path = $2`,
        [instrument, path, look, destination],
      );
      await client.query(`INSERT INTO event (actor, what, detail) VALUES ($1, 'pulled', $2)`, [
        by,
        { instrument, set: display, destination },
      ]);
    });
  }

  /** An attempt failed for a reason that may pass. */
  async failed({ instrument, path }: SetOfInstrument, note: string, delayMs: number): Promise<void> {
    await this.pool.query(
      `UPDATE import_pulled SET attempts = attempts + 1, note = $3, not_before = now() + $4 * interval '1 ms'
       WHERE instrument = $1 AND path = $2`,
      [instrument, path, note, delayMs],
    );
  }

  /** Records why a set is not pulled, once for as long as it looks like this; the event is what mail is about. */
  async refused(
    { instrument, path, display, look }: SetOfInstrument,
    fault: { readonly code: string; readonly reason: string; readonly login: string | null },
    by: string,
  ): Promise<boolean> {
    return transaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE import_pulled SET fault = $3, fault_look = $4, attempts = 0, note = NULL
         WHERE instrument = $1 AND path = $2 AND (fault IS DISTINCT FROM $3 OR fault_look IS DISTINCT FROM $4)`,
        [instrument, path, `${fault.code}: ${fault.reason}`, look],
      );
      if (rowCount !== 1) return false;
      await client.query(`INSERT INTO event (actor, what, code, detail) VALUES ($1, 'import not ordered', $2, $3)`, [
        by,
        fault.code,
        { source: `${instrument}: ${display}`, message: fault.reason, login: fault.login },
      ]);
      return true;
    });
  }

  async instruments(): Promise<readonly InstrumentRound[]> {
    const { rows } = await this.pool.query<InstrumentRound>(
      `SELECT name, asked_at AS "askedAt", begun_at AS "begunAt", ended_at AS "endedAt", failure FROM import_instrument ORDER BY name`,
    );
    return rows;
  }

  /** How many sets of an instrument have arrived, and how many have not. */
  async counts(
    instrument: string,
  ): Promise<{ readonly arrived: number; readonly waiting: number; readonly faults: number }> {
    const { rows } = await this.pool.query<{ arrived: number; waiting: number; faults: number }>(
      `SELECT count(*) FILTER (WHERE arrived_at IS NOT NULL)::int AS arrived,
         count(*) FILTER (WHERE arrived_at IS NULL AND fault IS NULL)::int AS waiting,
         count(*) FILTER (WHERE fault IS NOT NULL)::int AS faults FROM import_pulled WHERE instrument = $1`,
      [instrument],
    );
    return rows[0] as { arrived: number; waiting: number; faults: number };
  }

  /** Those that have not arrived or have a fault first, then the newest. */
  async sets(instrument: string, limit = 100): Promise<readonly PulledSet[]> {
    const { rows } = await this.pool.query<PulledSet>(
      `SELECT display, files, bytes, since, destination, arrived_at AS "arrivedAt", note, fault FROM import_pulled
       WHERE instrument = $1 ORDER BY arrived_at IS NOT NULL AND fault IS NULL, coalesce(arrived_at, since) DESC, path LIMIT $2`,
      [instrument, limit],
    );
    return rows;
  }
}
