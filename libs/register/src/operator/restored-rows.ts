import type pg from 'pg';
import type { RebuiltBag, RebuiltFile } from './rebuilt-bag';

/** In the register, the file is not linked yet. One that got stuck later, or while it was put back, does not count. */
export const beforeLink = `(f.phase = 'sealed' OR (f.phase = 'early' AND coalesce(f.stuck_from, f.state) NOT IN ('linked', 'undoing')))`;

/** A rebuild found the copy, but not its link. */
export const linkMissing = `(f.state IN ('linked', 'released') AND f.code IS NOT DISTINCT FROM 'LINK_MISSING')`;

/** There is one such row for a path at most. */
export const counts = `f.phase NOT IN ('skipped', 'given up', 'restored')`;

/** The row that counts for a path, in a register that may be older than the bag. */
export interface Row {
  readonly id: bigint;
  readonly request_id: bigint;
  readonly bag_id: bigint | null;
}

/** Rows that a bag changes, as the links of their files lead into it. */
export interface Changes {
  /** Recorded as archived into this bag. */
  readonly forward: readonly { readonly row: Row; readonly file: RebuiltFile }[];
  /** Of another bag, or with a number under which nothing is held: the file gets a new row. */
  readonly givingWay: readonly Row[];
}

interface Found extends Row {
  readonly before: boolean;
  readonly link_missing: boolean;
  readonly held_number_free: boolean;
}

/** What the link at the path of each file proves. Files whose link is elsewhere change nothing. */
export async function changesOf(
  client: pg.ClientBase,
  bag: RebuiltBag,
  known: { readonly id: bigint; readonly store: string } | undefined,
): Promise<Changes> {
  const linked = bag.files.filter(({ state, code }) => state !== 'skipped' && code === null);
  if (linked.length === 0) return { forward: [], givingWay: [] };
  const moved = known !== undefined && known.store !== bag.store && (await lacksLinks(client, known.id));
  const archived = moved ? bag.files.filter(({ state }) => state !== 'skipped') : linked;
  const found = await rowsOf(client, archived);
  const forward: { readonly row: Row; readonly file: RebuiltFile }[] = [];
  const givingWay: Row[] = [];
  for (const [at, file] of archived.entries()) {
    const row = found[at];
    if (!row) continue;
    const here = row.bag_id !== null && row.bag_id === known?.id;
    if (moved && here && row.link_missing) {
      forward.push({ row, file });
      continue;
    }
    if (file.code !== null) continue;
    const renumbered = file.heldAs !== null && file.heldAs !== row.id && row.held_number_free;
    if (row.before && (here || !renumbered)) forward.push({ row, file });
    else if (!here) givingWay.push(row);
  }
  return { forward, givingWay };
}

/** The bag was added from another store, to which no link leads: it was moved from there. */
async function lacksLinks(client: pg.ClientBase, bagId: bigint): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM file f WHERE f.bag_id = $1 AND ${counts} AND NOT ${linkMissing} AND NOT ${beforeLink} LIMIT 1`,
    [bagId],
  );
  return rowCount === 0;
}

/** For each file the row that counts, if there is one. */
async function rowsOf(client: pg.ClientBase, files: readonly RebuiltFile[]): Promise<readonly (Found | undefined)[]> {
  const { rows } = await client.query<Found & { readonly nr: number }>(
    `SELECT mine.nr::int AS nr, f.id, f.request_id, f.bag_id, ${beforeLink} AS before, ${linkMissing} AS link_missing,
       NOT EXISTS (SELECT FROM file other WHERE other.id = mine.held) AS held_number_free
     FROM unnest($1::text[], $2::bytea[], $3::bigint[]) WITH ORDINALITY AS mine(root, path, held, nr)
     JOIN file f ON f.root = mine.root AND f.path = mine.path AND ${counts}`,
    [files.map(({ root }) => root), files.map(({ path }) => path), files.map(({ heldAs }) => heldAs)],
  );
  const found = new Map(rows.map((row) => [row.nr, row]));
  return files.map((_file, at) => found.get(at + 1));
}

/** Whether the register has any of these files in a state before `linked`. */
export async function anyBeforeLink(client: pg.ClientBase, files: readonly RebuiltFile[]): Promise<boolean> {
  return (await rowsOf(client, files)).some((row) => row?.before);
}
