import type pg from 'pg';
import { transaction } from '../db/connection';
import { bigint, integer, listRows, replaceRows, text, type Columns } from './mirror-table';
import { nextAt, type OmeroRead } from './omero-mirror';
import type { UsageFilter, UsageOwner } from './owners';

/** What a set of filesets of one owner has. */
export interface FilesetAmount {
  readonly groupId: bigint;
  readonly ownerId: bigint;
  readonly images: bigint;
  readonly filesets: bigint;
  readonly files: bigint;
  readonly bytes: bigint;
  readonly archivedFilesets: bigint;
  readonly archivedBytes: bigint;
}

/** A fileset whose images are in several datasets counts in each of them. */
export interface DatasetAmount extends FilesetAmount {
  readonly datasetId: bigint;
  readonly name: string;
}

export interface FormatAmount extends FilesetAmount {
  readonly format: string;
}

/** A fileset in OMERO that is not archived. */
export interface LargeFileset {
  readonly filesetId: bigint;
  readonly groupId: bigint;
  readonly ownerId: bigint;
  /** Of its first image. */
  readonly name: string;
  /** Of the import. */
  readonly year: number;
  readonly images: bigint;
  readonly files: bigint;
  readonly bytes: bigint;
}

/** OMERO 4 data, which has no filesets. */
export interface LegacyAmount {
  readonly groupId: bigint;
  readonly ownerId: bigint;
  readonly images: bigint;
  readonly originals: bigint;
  readonly originalBytes: bigint;
  readonly pixels: bigint;
  readonly pixelsBytes: bigint;
  readonly pyramids: bigint;
  readonly pyramidBytes: bigint;
}

export interface OmeroDetailRows {
  readonly datasets: readonly DatasetAmount[];
  readonly formats: readonly FormatAmount[];
  readonly largest: readonly LargeFileset[];
  readonly legacy: readonly LegacyAmount[];
}

export type DetailPart = 'filesets' | 'images';

/** What the reports say of OMERO beyond its usage, as the scanner last read it. */
export class OmeroDetails {
  constructor(private readonly pool: pg.Pool) {}

  /** Whether it may be read again, as for usage. */
  async isDue(part: DetailPart): Promise<boolean> {
    const { rows } = await this.pool.query<{ due: boolean }>(
      'SELECT next_at IS NULL OR next_at <= now() AS due FROM omero_detail_read WHERE part = $1',
      [part],
    );
    return rows[0]?.due ?? false;
  }

  /** Replaces what is known by what was read, in one transaction. */
  async mirror({ datasets, formats, largest, legacy }: OmeroDetailRows, tookMs: number): Promise<void> {
    await transaction(this.pool, async (client) => {
      await begin(client, 'filesets');
      await replaceRows(client, 'omero_dataset', datasetColumns, datasets);
      await replaceRows(client, 'omero_format', formatColumns, formats);
      await replaceRows(client, 'omero_large_fileset', largeColumns, largest);
      await replaceRows(client, 'omero_legacy', legacyColumns, legacy);
      await done(client, 'filesets', tookMs);
    });
  }

  /** Replaces the archived images that OMERO no longer has. */
  async mirrorMissing(imageIds: readonly bigint[], tookMs: number): Promise<void> {
    await transaction(this.pool, async (client) => {
      await begin(client, 'images');
      const rows = imageIds.map((imageId) => ({ imageId }));
      await replaceRows(client, 'omero_missing_image', { imageId: bigint('image_id') }, rows);
      await done(client, 'images', tookMs);
    });
  }

  /** Records why it could not be read; what is known stays. */
  async failed(part: DetailPart, reason: string, tookMs: number): Promise<void> {
    await this.pool.query(`UPDATE omero_detail_read SET failed = $2, next_at = ${nextAt} WHERE part = $3`, [
      tookMs,
      reason,
      part,
    ]);
  }

  async lastRead(part: DetailPart): Promise<OmeroRead> {
    const { rows } = await this.pool.query<OmeroRead>(
      'SELECT read_at AS "readAt", failed FROM omero_detail_read WHERE part = $1',
      [part],
    );
    return rows[0] as OmeroRead;
  }

  /** Those with the most bytes first; read page by page. */
  async *datasets(filter: UsageFilter = {}): AsyncGenerator<DatasetAmount & UsageOwner> {
    let last: DatasetAmount | undefined;
    do {
      const after = last;
      const rows: readonly (DatasetAmount & UsageOwner)[] = await listRows(
        this.pool,
        'omero_dataset',
        datasetColumns,
        filter,
        {
          order: 's.bytes DESC, s.dataset_id DESC, s.group_id DESC, s.owner_id DESC',
          limit: pageSize,
          where: (value) =>
            after
              ? `(s.bytes, s.dataset_id, s.group_id, s.owner_id) < (${[after.bytes, after.datasetId, after.groupId, after.ownerId].map((each) => `${value(each)}::bigint`).join(', ')})`
              : 'true',
        },
      );
      yield* rows;
      last = rows.length < pageSize ? undefined : rows.at(-1);
    } while (last);
  }

  async formats(filter: UsageFilter = {}): Promise<readonly (FormatAmount & UsageOwner)[]> {
    return listRows(this.pool, 'omero_format', formatColumns, filter, { order: 's.format, s.group_id, s.owner_id' });
  }

  /** The largest first. */
  async largest(filter: UsageFilter = {}, limit?: number): Promise<readonly (LargeFileset & UsageOwner)[]> {
    const order = 's.bytes DESC, s.fileset_id';
    return listRows(this.pool, 'omero_large_fileset', largeColumns, filter, { order, limit });
  }

  async legacy(filter: UsageFilter = {}): Promise<readonly (LegacyAmount & UsageOwner)[]> {
    return listRows(this.pool, 'omero_legacy', legacyColumns, filter, { order: 's.group_id, s.owner_id' });
  }
}

const pageSize = 1000;

async function begin(client: pg.ClientBase, part: DetailPart): Promise<void> {
  await client.query('SELECT FROM omero_detail_read WHERE part = $1 FOR UPDATE', [part]);
}

async function done(client: pg.ClientBase, part: DetailPart, tookMs: number): Promise<void> {
  await client.query(
    `UPDATE omero_detail_read SET read_at = now(), failed = NULL, next_at = ${nextAt} WHERE part = $2`,
    [tookMs, part],
  );
}

const owned = { groupId: bigint('group_id'), ownerId: bigint('owner_id') };

const filesetColumns = {
  ...owned,
  images: bigint('images'),
  filesets: bigint('filesets'),
  files: bigint('files'),
  bytes: bigint('bytes'),
  archivedFilesets: bigint('archived_filesets'),
  archivedBytes: bigint('archived_bytes'),
};

const datasetColumns = {
  datasetId: bigint('dataset_id'),
  name: text('name'),
  ...filesetColumns,
} satisfies Record<keyof DatasetAmount, Columns[string]>;

const formatColumns = { format: text('format'), ...filesetColumns } satisfies Record<
  keyof FormatAmount,
  Columns[string]
>;

const largeColumns = {
  filesetId: bigint('fileset_id'),
  ...owned,
  name: text('name'),
  year: integer('year'),
  images: bigint('images'),
  files: bigint('files'),
  bytes: bigint('bytes'),
} satisfies Record<keyof LargeFileset, Columns[string]>;

const legacyColumns = {
  ...owned,
  images: bigint('images'),
  originals: bigint('originals'),
  originalBytes: bigint('original_bytes'),
  pixels: bigint('pixels'),
  pixelsBytes: bigint('pixels_bytes'),
  pyramids: bigint('pyramids'),
  pyramidBytes: bigint('pyramid_bytes'),
} satisfies Record<keyof LegacyAmount, Columns[string]>;
