import type pg from 'pg';
import type { ArchiveFile, FileState } from '@coldroom/domain';
import { fileColumns, toFile, type FileRow } from '../db/rows';

/** A file as an audit needs it. */
export interface AuditedFile extends ArchiveFile {
  readonly bag: string;
  readonly store: string;
  readonly display: string;
  /** The state it is in, or is stuck from. */
  readonly stand: FileState;
  /** Why it is stuck, or null. */
  readonly code: string | null;
  /** Recalled, and its online time is not over by the register's clock. */
  readonly isOnline: boolean;
  readonly copyFault: string | null;
  /** A later request had this path: what is there now belongs to that request. */
  readonly takenOver: boolean;
  /** A value that changes whenever the register expects something else on disk; see `turnsOf`. */
  readonly turn: string;
}

/** A page of a walk through all rows; `next` is undefined at the end. It may be empty without being the last. */
export interface Page<T, Start> {
  readonly rows: readonly T[];
  readonly next: Start | undefined;
}

/**
 * Early states have no usable copy, and their original is untouched. An original that is `undoing` may be in either
 * state on disk, and so may the link of a file that is `moveSealed`.
 */
const audited: readonly FileState[] = [
  'sealed',
  'linked',
  'released',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
  'moving',
  'moveCopied',
  'moveVerified',
  'restored',
  'undone',
];

export const stand = 'coalesce(f.stuck_from, f.state)';
const isOnline = `coalesce(f.state = 'recalled' AND f.online_until > now(), false)`;
const turn = `concat_ws(' ', f.state, f.stuck_from, f.bag_id, f.retrieval, f.copy_version, f.copy_fault, ${isOnline})`;

const bagsAPage = 100;

/**
 * The files of the next bags after this one: whole bags, about `limit` files, only of one store if it is named.
 * Paging by bag prevents the planner from choosing a walk through the whole table.
 */
export async function auditedFiles(
  pool: pg.Pool,
  after: bigint,
  { store, limit = 1000 }: { readonly store?: string | undefined; readonly limit?: number } = {},
): Promise<Page<AuditedFile, bigint>> {
  const { rows: bags } = await pool.query<{ id: bigint; files: number }>(
    'SELECT id, files FROM bag WHERE id > $1 AND ($2::text IS NULL OR store = $2) ORDER BY id LIMIT $3',
    [after, store ?? null, bagsAPage],
  );
  let count = 0;
  const some = bags.filter((bag, index) => (index === 0 || count < limit) && (count += bag.files) >= 0);
  if (some.length === 0) return { rows: [], next: undefined };
  const { rows } = await pool.query<
    FileRow &
      Pick<AuditedFile, 'bag' | 'store' | 'display' | 'stand' | 'code' | 'turn'> & {
        is_online: boolean;
        copy_fault: string | null;
        taken_over: boolean;
      }
  >(
    `SELECT ${fileColumns}, b.name AS bag, b.store, f.display, f.code, ${stand} AS stand, ${isOnline} AS is_online, ${turn} AS turn,
       f.state IN ('restored', 'undone') AND EXISTS (SELECT FROM file later WHERE later.path = f.path AND later.root = f.root AND later.id > f.id
         AND later.state <> ALL('{skipped,declined,abandoned}')) AS taken_over
     FROM file f JOIN bag b ON b.id = f.bag_id WHERE f.bag_id = ANY($1) AND ${stand} = ANY($2) ORDER BY f.bag_id, f.id`,
    [some.map((bag) => bag.id), audited],
  );
  return {
    next: some.at(-1)?.id,
    rows: rows.map((row) => ({
      ...toFile(row),
      bag: row.bag,
      store: row.store,
      display: row.display,
      stand: row.stand,
      code: row.code,
      isOnline: row.is_online,
      copyFault: row.copy_fault,
      takenOver: row.taken_over,
      turn: row.turn,
    })),
  };
}

/**
 * The current `turn` of these files. If it is the same before and after a look at the disk, what was seen can be
 * compared with the register.
 */
export async function turnsOf(pool: pg.Pool, ids: readonly bigint[]): Promise<ReadonlyMap<bigint, string>> {
  const { rows } = await pool.query<{ id: bigint; turn: string }>(
    `SELECT f.id, ${turn} AS turn FROM file f WHERE f.id = ANY($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row.turn]));
}
