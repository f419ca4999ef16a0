import type pg from 'pg';
import type { RootName } from '@coldroom/domain';
import { selectRequests, type Visibility } from '../requests/request-filter';
import { toListing, type FileFilter, type FileListing } from './listings';

/** Where a page starts: after this file. */
interface Start {
  readonly id: bigint;
  readonly request_id: bigint;
  readonly root: string;
  readonly path: Buffer;
}

/**
 * A page of files, by request and number, or by path. However many files there are, each page reads little more than
 * what it shows, by the index of what is asked for. Files in a state are looked up where the totals say that there are
 * some; states of one phase are read together.
 */
export async function listFiles(pool: pg.Pool, filter: FileFilter): Promise<readonly FileListing[]> {
  const requests = filter.visibleTo && (await requestsOf(pool, filter.visibleTo));
  if (requests?.length === 0) return [];
  return listOf(pool, { ...filter, requests });
}

/** The numbers instead of a condition: the planner knows how many files they have, and chooses between two indexes. */
async function requestsOf(pool: pg.Pool, visibleTo: Visibility): Promise<readonly bigint[]> {
  const { sql, values } = selectRequests({ visibleTo }, {});
  const { rows } = await pool.query<{ id: bigint }>(sql, [...values]);
  return rows.map((row) => row.id);
}

interface Filter extends FileFilter {
  readonly requests?: readonly bigint[] | undefined;
}

async function listOf(pool: pg.Pool, filter: Filter): Promise<readonly FileListing[]> {
  const start = filter.after === undefined ? undefined : await startAfter(pool, filter.after);
  const { sql, values, order } = filter.path ? byPath(filter, start) : byNumber(filter, start);
  const { rows } = await pool.query(
    `SELECT f.*, b.name AS bag, b.store FROM file f LEFT JOIN bag b ON b.id = f.bag_id
     WHERE f.id = ANY(ARRAY(${sql})) ORDER BY ${order}`,
    [...values],
  );
  return rows.map(toListing);
}

/** A number that no file has, or no longer has: the page starts after all smaller numbers. */
async function startAfter(pool: pg.Pool, id: bigint): Promise<Start | undefined> {
  const { rows } = await pool.query<Start>(
    'SELECT id, request_id, root, path FROM file WHERE id <= $1 ORDER BY id DESC LIMIT 1',
    [id],
  );
  return rows[0];
}

interface Query {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly order: string;
}

class Conditions {
  readonly values: unknown[];
  readonly limit = '$1';

  constructor(private readonly filter: Filter) {
    this.values = [filter.limit ?? 100];
  }

  value(given: unknown, type: string): string {
    return `$${this.values.push(given)}::${type}`;
  }

  /** On file `f`. */
  all(): string {
    const { requestId, states, code, fileset, imageId, requests } = this.filter;
    const conditions = [
      requestId !== undefined && `f.request_id = ${this.value(requestId, 'bigint')}`,
      states && `f.state = ANY(${this.value(states, 'text[]')})`,
      code !== undefined && `f.code = ${this.value(code, 'text')}`,
      fileset !== undefined && `f.fileset = ${this.value(fileset, 'text')}`,
      imageId !== undefined &&
        `(f.fileset, f.request_id) IN (SELECT i.fileset, i.request_id FROM request_image i WHERE i.image_id = ${this.value(imageId, 'bigint')})`,
      requests && `f.request_id = ANY(${this.value(requests, 'bigint[]')})`,
    ].filter((each) => each);
    return ['true', ...conditions].join(' AND ');
  }
}

function byNumber(filter: Filter, start: Start | undefined): Query {
  const order = 'f.request_id, f.id';
  const conditions = new Conditions(filter);
  const { values, limit } = conditions;
  if (filter.fileset === undefined && filter.code === undefined && filter.imageId === undefined)
    return { sql: bySlice(filter, conditions, start), values, order };
  const later = start
    ? `AND (f.request_id, f.id) > (${conditions.value(start.request_id, 'bigint')}, ${conditions.value(start.id, 'bigint')})`
    : '';
  const sql = `SELECT f.id FROM file f WHERE ${conditions.all()} ${later} ORDER BY ${order} LIMIT ${limit}`;
  return { sql, values, order };
}

/** The totals name the phases, states and codes that each request has: each of these is read in the order of its index. */
function bySlice(filter: Filter, conditions: Conditions, start: Start | undefined): string {
  const { limit } = conditions;
  const first = conditions.value(start?.request_id ?? 0n, 'bigint');
  const after = conditions.value(start?.id ?? 0n, 'bigint');
  const request =
    filter.requestId === undefined ? 'true' : `t.request_id = ${conditions.value(filter.requestId, 'bigint')}`;
  const states = filter.states ? `t.state = ANY(${conditions.value(filter.states, 'text[]')})` : 'true';
  const visible = filter.requests ? `t.request_id = ANY(${conditions.value(filter.requests, 'bigint[]')})` : 'true';
  const wanted = `t.files > 0 AND ${states} AND ${visible}`;
  const one = (condition: string): string => `SELECT f.id FROM file f WHERE f.request_id = r.request_id AND ${condition}
    AND f.id > CASE WHEN r.request_id = ${first} THEN ${after} ELSE 0 END ORDER BY f.id LIMIT ${limit}`;
  const slices = filter.states
    ? `SELECT x.id FROM (SELECT DISTINCT t.code, t.state FROM file_total t WHERE t.request_id = r.request_id AND ${wanted} AND t.code <> '') s
       CROSS JOIN LATERAL (${one('f.code = s.code AND f.state = s.state')}) x
       UNION ALL
       SELECT x.id FROM (SELECT DISTINCT t.phase, t.state FROM file_total t WHERE t.request_id = r.request_id AND ${wanted} AND t.code = '') s
       CROSS JOIN LATERAL (${one('f.phase = s.phase AND f.state = s.state AND f.code IS NULL')}) x`
    : `SELECT x.id FROM (SELECT DISTINCT t.phase FROM file_total t WHERE t.request_id = r.request_id AND ${wanted}) s
       CROSS JOIN LATERAL (${one('f.phase = s.phase')}) x`;
  return `SELECT y.id FROM (SELECT DISTINCT t.request_id FROM file_total t WHERE ${wanted} AND ${request} AND t.request_id >= ${first} ORDER BY t.request_id) r
    CROSS JOIN LATERAL (SELECT z.id FROM (${slices}) z ORDER BY z.id LIMIT ${limit}) y ORDER BY r.request_id, y.id LIMIT ${limit}`;
}

/** In their order. */
const roots: readonly RootName[] = ['Files', 'ManagedRepository', 'Pixels'];
/** The conditions of the two indexes of paths. */
const parts = [`f.phase NOT IN ('skipped', 'given up', 'restored')`, `f.phase IN ('skipped', 'given up', 'restored')`];

function byPath(filter: Filter, start: Start | undefined): Query {
  const { root, prefix } = filter.path as NonNullable<Filter['path']>;
  const conditions = new Conditions(filter);
  const { limit, values } = conditions;
  const all = conditions.all();
  const end = endOf(prefix);
  const until = end ? `AND f.path < ${conditions.value(end, 'bytea')}` : '';
  const from = (each: RootName): string => {
    if (each !== start?.root || Buffer.compare(start.path, prefix) < 0)
      return `f.path >= ${conditions.value(prefix, 'bytea')}`;
    const path = conditions.value(start.path, 'bytea');
    return `f.path >= ${path} AND (f.path > ${path} OR f.id > ${conditions.value(start.id, 'bigint')})`;
  };
  const found = roots
    .filter((each) => (root === undefined || each === root) && (!start || each >= start.root))
    .flatMap((each) =>
      parts.map(
        (part) =>
          `(SELECT f.id, f.root, f.path FROM file f WHERE f.root = ${conditions.value(each, 'text')} AND ${part} AND ${from(each)} ${until} AND ${all}
            ORDER BY f.root, f.path, f.id LIMIT ${limit})`,
      ),
    );
  const order = 'f.root, f.path, f.id';
  const none = 'SELECT NULL::bigint AS id, NULL::text AS root, NULL::bytea AS path WHERE false';
  const sql = `SELECT f.id FROM (${[none, ...found].join(' UNION ALL ')}) f ORDER BY ${order} LIMIT ${limit}`;
  return { sql, values, order };
}

/** The first path that comes after all that begin so; undefined if there is none. */
function endOf(prefix: Buffer): Buffer | undefined {
  const last = prefix.findLastIndex((byte) => byte !== 0xff);
  if (last < 0) return undefined;
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] as number) + 1;
  return end;
}
