import type { Client } from 'pg';

export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** In the order of the foreign keys, which OMERO checks at each statement. */
const TABLES = [
  'session',
  'event',
  'originalfile',
  'fileset',
  'filesetentry',
  'image',
  'pixels',
  'pixelsoriginalfilemap',
  'project',
  'dataset',
  'projectdatasetlink',
  'datasetimagelink',
  'screen',
  'plate',
  'screenplatelink',
  'plateacquisition',
  'well',
  'wellsample',
  'job',
  'uploadjob',
  'filesetjoblink',
  'joboriginalfilelink',
  'annotation',
  'annotation_mapvalue',
  'imageannotationlink',
  'filesetannotationlink',
  'eventlog',
] as const;
export type Table = (typeof TABLES)[number];

/** As the server does: ids are allocated in blocks through ome_nextval and issued from memory. */
const FIRST_BLOCK = 50;
const LARGEST_BLOCK = 1_600;
const ROWS_A_STATEMENT = 4_000;

/** Rows to be inserted into the database, written table by table in one transaction at each flush. */
export class Rows {
  private readonly waiting = new Map<Table, Row[]>(TABLES.map((table) => [table, []]));
  private readonly blocks = new Map<string, { next: number; last: number; size: number }>();

  constructor(readonly client: Client) {}

  /** The number of waiting rows. */
  get size(): number {
    let rows = 0;
    for (const list of this.waiting.values()) rows += list.length;
    return rows;
  }

  add(table: Table, row: Row): void {
    this.waiting.get(table)?.push(row);
  }

  async id(sequence: 'annotation' | 'job' | Exclude<Table, 'annotation_mapvalue' | 'uploadjob'>): Promise<number> {
    const block = this.blocks.get(sequence);
    if (block && block.next <= block.last) return block.next++;
    const size = block ? Math.min(block.size * 2, LARGEST_BLOCK) : FIRST_BLOCK;
    const { rows } = await this.client.query<{ last: string }>('SELECT ome_nextval($1, $2) AS last', [
      `seq_${sequence}`,
      size,
    ]);
    const last = Number(rows[0]?.last);
    this.blocks.set(sequence, { next: last - size + 2, last, size });
    return last - size + 1;
  }

  /** Continues from an id, leaving out those before it. */
  async startAfter(sequence: 'pixels' | 'originalfile', id: number): Promise<void> {
    this.blocks.delete(sequence);
    await this.client.query('SELECT setval($1, greatest($2, nextval($1)))', [`seq_${sequence}`, id]);
  }

  /** Triggers write under `event`, as _prepare_session sets it. */
  async flush(event: { readonly id: number; readonly experimenter: number; readonly group: number }): Promise<void> {
    await this.client.query('BEGIN');
    try {
      await this.client.query('SELECT _prepare_session($1, $2, $3)', [event.id, event.experimenter, event.group]);
      for (const [table, rows] of this.waiting) {
        for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
          const part = JSON.stringify(rows.slice(at, at + ROWS_A_STATEMENT));
          await this.client.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
            part,
          ]);
        }
        rows.length = 0;
      }
      await this.client.query('COMMIT');
    } catch (error) {
      await this.client.query('ROLLBACK');
      throw error;
    }
  }
}
