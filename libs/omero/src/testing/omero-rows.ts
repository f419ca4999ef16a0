import { createDatabase } from '@coldroom/local';
import { createOmeroSchema } from '@coldroom/sample-omero';
import pg from 'pg';

export const managedUuid = '6d5f5a3c-6a0b-4b3b-9d1c-3a1f0c3f9e77';
export const root = 0n;

type Values = Readonly<Record<string, unknown>>;

/**
 * An OMERO database for one test, and rows inserted by a superuser without OMERO's triggers, including rows that no
 * server would write.
 */
export class OmeroRows {
  private constructor(
    readonly url: string,
    private readonly pool: pg.Pool,
    private readonly adminUrl: string,
    private readonly name: string,
  ) {}

  static async create(name: string): Promise<OmeroRows> {
    const adminUrl = process.env['TEST_POSTGRES_URL'];
    if (!adminUrl) throw new Error('TEST_POSTGRES_URL is not set');
    const database = `${name}_${process.pid}`;
    const url = await createDatabase(adminUrl, database, { existing: 'drop' });
    await createOmeroSchema(url);
    const types = new pg.TypeOverrides();
    types.setTypeParser(20, (text: string) => BigInt(text));
    // One connection only: statements that a test sends at once run in turn, and BEGIN applies to the next call.
    const pool = new pg.Pool({ connectionString: url, types, max: 1, options: '-c session_replication_role=replica' });
    const rows = new OmeroRows(url, pool, adminUrl, database);
    await rows.repository('/OMERO/', 'ManagedRepository', managedUuid);
    return rows;
  }

  async drop(): Promise<void> {
    await this.pool.end();
    const admin = new pg.Client({ connectionString: this.adminUrl });
    await admin.connect();
    await admin.query(`DROP DATABASE ${this.name} WITH (FORCE)`);
    await admin.end();
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, [...values])).rows;
  }

  async count(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${sql}`, values);
    return Number(row?.n);
  }

  async insert(table: string, values: Values): Promise<bigint> {
    const row: Values = { permissions: -120, ...values };
    const id = row['id'] ?? (await this.query<{ id: bigint }>(`SELECT ome_nextval('seq_${table}') AS id`))[0]?.id;
    const columns = Object.keys({ ...row, id });
    await this.query(
      `INSERT INTO ${table} (${columns.map((c) => `"${c}"`).join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values({ ...row, id }),
    );
    return id as bigint;
  }

  /** A row with owner, group and events. */
  own(table: string, values: Values): Promise<bigint> {
    return this.insert(table, { version: 0, creation_id: 0, update_id: 0, owner_id: root, group_id: 0, ...values });
  }

  group(name: string, permissions = -40n): Promise<bigint> {
    return this.insert('experimentergroup', { name, permissions, ldap: false, version: 0 });
  }

  /** Member of `user` unless inactive. */
  async person(
    omename: string,
    groups: readonly bigint[] = [],
    { inactive = false }: { inactive?: boolean } = {},
  ): Promise<bigint> {
    const id = await this.insert('experimenter', {
      omename,
      firstname: omename,
      lastname: omename,
      ldap: false,
      version: 0,
    });
    for (const group of inactive ? groups : [1n, ...groups]) await this.join(id, group);
    return id;
  }

  async join(person: bigint, group: bigint, leader = false): Promise<void> {
    const index = await this.count('groupexperimentermap WHERE child = $1', [person]);
    await this.insert('groupexperimentermap', {
      parent: group,
      child: person,
      child_index: index,
      owner: leader,
      version: 0,
    });
  }

  repository(path: string, name: string, uuid: string): Promise<bigint> {
    return this.own('originalfile', { path, name, hash: uuid, mimetype: 'Repository' });
  }

  fileset(values: Values = {}): Promise<bigint> {
    return this.own('fileset', { templateprefix: 'somewhere/', ...values });
  }

  image(values: Values = {}): Promise<bigint> {
    return this.own('image', { name: 'image', series: 0, ...values });
  }

  pixels(image: bigint, values: Values = {}): Promise<bigint> {
    return this.own('pixels', {
      image,
      image_index: 0,
      sha1: 'Pending...',
      sizex: 1,
      sizey: 1,
      sizez: 1,
      sizec: 1,
      sizet: 1,
      dimensionorder: 1,
      pixelstype: 1,
      ...values,
    });
  }

  /** A file in the managed repository. */
  file(path: string, name: string, values: Values = {}): Promise<bigint> {
    return this.own('originalfile', { path, name, repo: managedUuid, size: 10, ...values });
  }

  async entry(fileset: bigint, originalfile: bigint): Promise<void> {
    const index = await this.count('filesetentry WHERE fileset = $1', [fileset]);
    await this.own('filesetentry', { fileset, originalfile, fileset_index: index, clientpath: 'c' });
  }

  mapped(originalfile: bigint, pixels: bigint): Promise<bigint> {
    return this.own('pixelsoriginalfilemap', { parent: originalfile, child: pixels });
  }

  async annotation(
    name: string,
    values: Values = {},
    map: readonly (readonly [string, string])[] = [[name, 'True']],
  ): Promise<bigint> {
    const id = await this.own('annotation', { discriminator: '/map/', ns: 'archiving', name, ...values });
    for (const [index, [key, value]] of map.entries()) {
      await this.query('INSERT INTO annotation_mapvalue (annotation_id, name, value, index) VALUES ($1, $2, $3, $4)', [
        id,
        key,
        value,
        index,
      ]);
    }
    return id;
  }

  link(image: bigint, annotation: bigint, values: Values = {}): Promise<bigint> {
    return this.own('imageannotationlink', { parent: image, child: annotation, ...values });
  }
}

export async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
