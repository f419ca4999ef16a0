import type pg from 'pg';
import type { TransferMode } from '@coldroom/domain';
import { transaction } from '../db/connection';
import type { ImportOptions } from './orders';

/** What the order of a set will say, apart from the person and the place. */
export interface UploadWish {
  readonly target: string;
  readonly group?: string | undefined;
  readonly transfer?: TransferMode | undefined;
  readonly options: ImportOptions;
}

export interface NewUpload {
  /** The name of the workstation's token. */
  readonly workstation: string;
  /** SHA-256 over all that the workstation sends, in hex: the same set has the same name. */
  readonly setName: string;
  readonly buffer: string;
  readonly login: string;
  readonly wish: UploadWish;
  /** The name of its directory. */
  readonly directory: Buffer;
  readonly files: number;
  readonly bytes: bigint;
}

export interface Upload extends NewUpload {
  readonly id: bigint;
  readonly state: 'receiving' | 'arrived' | 'discarded';
  /** Below the buffer. */
  readonly place: Buffer | null;
  readonly moving: string | null;
  readonly orderId: bigint | null;
}

export interface UploadAmounts {
  readonly declared: number;
  readonly declaredBytes: bigint;
  readonly proven: number;
}

const columns = `id, workstation, set_name AS "setName", state, buffer, login, wish, directory, files, bytes, place, moving,
  order_id AS "orderId"`;

/** The sets that workstations upload. */
export class Uploads {
  constructor(private readonly pool: pg.Pool) {}

  /** The set as it is recorded. One that was discarded begins again. */
  async begin(set: NewUpload): Promise<Upload> {
    const { workstation, setName, buffer, login, wish, directory, files, bytes } = set;
    const { rows } = await this.pool.query<Upload>(
      `INSERT INTO upload (workstation, set_name, buffer, login, wish, directory, files, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (workstation, set_name) DO UPDATE SET touched_at = now(),
         state = CASE upload.state WHEN 'discarded' THEN 'receiving' ELSE upload.state END
       RETURNING ${columns}`,
      [workstation, setName, buffer, login, JSON.stringify(wish), directory, files, bytes],
    );
    return rows[0] as Upload;
  }

  async get(workstation: string, setName: string): Promise<Upload | undefined> {
    const { rows } = await this.pool.query<Upload>(
      `SELECT ${columns} FROM upload WHERE workstation = $1 AND set_name = $2`,
      [workstation, setName],
    );
    return rows[0];
  }

  /** The workstation works on it: it is not abandoned. */
  async touch(id: bigint): Promise<void> {
    await this.pool.query(`UPDATE upload SET touched_at = now() WHERE id = $1 AND state = 'receiving'`, [id]);
  }

  async amounts(id: bigint): Promise<UploadAmounts> {
    const { rows } = await this.pool.query<UploadAmounts>(
      `SELECT count(*)::int AS declared, coalesce(sum(size), 0)::bigint AS "declaredBytes", count(proven_at)::int AS proven
       FROM upload_file WHERE upload_id = $1`,
      [id],
    );
    return rows[0] as UploadAmounts;
  }

  /** How many bytes are still to come, of all sets that go to this buffer. */
  async expectedBytes(buffer: string): Promise<bigint> {
    const { rows } = await this.pool.query<{ bytes: bigint }>(
      `SELECT coalesce(sum(u.bytes - coalesce((SELECT sum(size) FROM upload_file f
         WHERE f.upload_id = u.id AND f.proven_at IS NOT NULL), 0)), 0)::bigint AS bytes
       FROM upload u WHERE u.buffer = $1 AND u.state = 'receiving'`,
      [buffer],
    );
    return (rows[0] as { bytes: bigint }).bytes;
  }

  /** The place that its directory is about to get. */
  async moving(id: bigint, place: Buffer, inode: string): Promise<void> {
    await this.pool.query('UPDATE upload SET place = $2, moving = $3 WHERE id = $1', [id, place, inode]);
  }

  /** It is in the buffer. */
  async arrived({ id, workstation, setName }: Upload, display: string): Promise<void> {
    await transaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE upload SET state = 'arrived', arrived_at = now(), moving = NULL WHERE id = $1 AND state = 'receiving'`,
        [id],
      );
      if (rowCount !== 1) return;
      await client.query(`INSERT INTO event (actor, what, detail) VALUES ($1, 'uploaded', $2)`, [
        `token:${workstation}`,
        { set: setName, destination: display },
      ]);
    });
  }

  /** An order for this place that was made since the set arrived: no other set was ever there. */
  async orderAt({ id }: Upload, source: Buffer): Promise<bigint | undefined> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT o.id FROM import_order o JOIN upload u ON u.id = $1
       WHERE o.source = $2 AND o.ordered_at >= u.arrived_at AND o.person = u.login ORDER BY o.id LIMIT 1`,
      [id, source],
    );
    return rows[0]?.id;
  }

  async ordered(id: bigint, orderId: bigint): Promise<void> {
    await this.pool.query('UPDATE upload SET order_id = $2 WHERE id = $1', [id, orderId]);
  }

  /** Sets on which no workstation worked for this long. */
  async abandoned(buffer: string, afterMs: number): Promise<readonly Upload[]> {
    const { rows } = await this.pool.query<Upload>(
      `SELECT ${columns} FROM upload
       WHERE state = 'receiving' AND buffer = $1 AND touched_at < now() - $2 * interval '1 ms' ORDER BY id LIMIT 100`,
      [buffer, afterMs],
    );
    return rows;
  }

  /** Its files are removed here. The workstation has them. */
  async discarded(id: bigint): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query('DELETE FROM upload_file WHERE upload_id = $1', [id]);
      await client.query(`UPDATE upload SET state = 'discarded', place = NULL, moving = NULL WHERE id = $1`, [id]);
    });
  }
}
