import type pg from 'pg';
import type { ArchiveFile, FileState, RootName } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import type { MarkState } from '../requests/marks';
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
  /** A value that changes whenever the register expects something else on disk; see `turns`. */
  readonly turn: string;
}

/** An image whose marks are written, according to the register. */
export interface AuditedImage {
  readonly requestId: bigint;
  readonly imageId: bigint;
  readonly fileset: string;
  readonly groupId: bigint;
  readonly requesterId: bigint;
  readonly requester: string;
  readonly mark: MarkState;
  /** `image.archived` before Coldroom set it; also null if Coldroom never did. */
  readonly archivedBefore: boolean | null;
  /** Who confirmed that it was deleted in OMERO on purpose, or null. */
  readonly deletionKnownBy: string | null;
}

/** A file that is named by its number in a hold or staging directory. */
export interface HeldFile {
  readonly id: bigint;
  readonly bag: string;
  readonly store: string;
  readonly stand: FileState;
  readonly retrieval: 'restore' | 'recall' | null;
}

export interface KnownBag {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly name: string;
  readonly store: string;
  /** Stores that it moved from, or is moving to: it is in those as well. */
  readonly alsoIn: readonly string[];
}

export interface CopyPlace {
  readonly root: RootName;
  readonly path: Buffer;
}

/** The image after which a page begins. */
export type PageStart = readonly [requestId: bigint, imageId: bigint];
export const firstPage: PageStart = [0n, 0n];

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
const stand = 'coalesce(f.stuck_from, f.state)';
const isOnline = `coalesce(f.state = 'recalled' AND f.online_until > now(), false)`;
const turn = `concat_ws(' ', f.state, f.stuck_from, f.bag_id, f.retrieval, f.copy_version, f.copy_fault, ${isOnline})`;

const bagsAPage = 100;

/** Reads for an audit, page by page: never loads all files at once, and never keeps a transaction open. */
export class Audit {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * The files of the next bags after this one: whole bags, about `limit` files, only of one store if it is named.
   * Paging by bag prevents the planner from choosing a walk through the whole table.
   */
  async files(
    after: bigint,
    { store, limit = 1000 }: { readonly store?: string | undefined; readonly limit?: number } = {},
  ): Promise<Page<AuditedFile, bigint>> {
    const { rows: bags } = await this.pool.query<{ id: bigint; files: number }>(
      'SELECT id, files FROM bag WHERE id > $1 AND ($2::text IS NULL OR store = $2) ORDER BY id LIMIT $3',
      [after, store ?? null, bagsAPage],
    );
    let count = 0;
    const some = bags.filter((bag, index) => (index === 0 || count < limit) && (count += bag.files) >= 0);
    if (some.length === 0) return { rows: [], next: undefined };
    const { rows } = await this.pool.query<
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
  async turns(ids: readonly bigint[]): Promise<ReadonlyMap<bigint, string>> {
    const { rows } = await this.pool.query<{ id: bigint; turn: string }>(
      `SELECT f.id, ${turn} AS turn FROM file f WHERE f.id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row.turn]));
  }

  /** The stores that contain files. */
  async stores(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ store: string }>('SELECT DISTINCT store FROM bag ORDER BY store');
    return rows.map((row) => row.store);
  }

  async bagsNamed(names: readonly string[]): Promise<ReadonlyMap<string, KnownBag>> {
    const { rows } = await this.pool.query<KnownBag>(
      `SELECT id, request_id AS "requestId", name, store, ARRAY(SELECT e.detail->>each.which FROM event e, unnest('{from,to}'::text[]) AS each(which) WHERE e.bag_id = bag.id AND e.what = 'move') AS "alsoIn"
       FROM bag WHERE name = ANY($1)`,
      [names],
    );
    return new Map(rows.map((row) => [row.name, row]));
  }

  /**
   * Of these copies in a bag, the indexes of those that the register accounts for; a retry leaves the old copy in its
   * sealed bag.
   */
  async copiesKnown(
    bag: Pick<KnownBag, 'id' | 'requestId'>,
    copies: readonly CopyPlace[],
  ): Promise<ReadonlySet<number>> {
    return this.indexes('f.request_id = $3 AND f.bag_id >= $4', copies, [bag.requestId, bag.id]);
  }

  /**
   * Of these places in a bag's recall directory, the indexes of those that may contain a recalled copy. The copy of a
   * cancelled or undone recall is removed at the linker's next turn.
   */
  async recalledKnown(bag: string, copies: readonly CopyPlace[]): Promise<ReadonlySet<number>> {
    return this.indexes(
      `f.bag_id = (SELECT id FROM bag WHERE name = $3) AND (${stand} = 'recalled' OR (${stand} IN ('fetchVerified', 'linked', 'undoing') AND f.retrieval = 'recall')
        OR (f.online_until IS NOT NULL AND ${stand} IN ('retrieving', 'online', 'fetched', 'fetchVerified', 'undoing')))`,
      copies,
      [bag],
    );
  }

  async filesNumbered(ids: readonly bigint[]): Promise<ReadonlyMap<bigint, HeldFile>> {
    const { rows } = await this.pool.query<HeldFile>(
      `SELECT f.id, b.name AS bag, b.store, ${stand} AS stand, f.retrieval FROM file f JOIN bag b ON b.id = f.bag_id WHERE f.id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /**
   * Of the next images after this one, those for which OMERO should still show what was written to it. An image that is
   * no longer archived is included only if Coldroom is known to have set `image.archived`: OMERO 4 set it, too, with
   * another meaning.
   */
  async images(after: PageStart, limit = 1000): Promise<Page<AuditedImage, PageStart>> {
    const { rows } = await this.pool.query<AuditedImage & { settled: boolean }>(
      `SELECT i.request_id AS "requestId", i.image_id AS "imageId", i.fileset, r.group_id AS "groupId", r.requester_id AS "requesterId", r.requester,
         i.mark_wanted AS mark, i.archived_before AS "archivedBefore", i.deletion_known_by AS "deletionKnownBy",
         i.mark_written IS NOT DISTINCT FROM i.mark_wanted AND (i.mark_wanted <> 'none' OR (
           r.state <> 'Declined' AND NOT EXISTS (SELECT FROM request_image later WHERE later.image_id = i.image_id AND later.request_id > i.request_id)
           AND (i.archived_before IS NOT NULL OR (i.fileset LIKE 'Fileset:%' AND EXISTS (SELECT FROM file f
             WHERE f.request_id = i.request_id AND f.fileset = i.fileset AND f.linked_at IS NOT NULL AND f.state IN ('undone', 'restored')))))) AS settled
       FROM (SELECT * FROM request_image WHERE (request_id, image_id) > ($1, $2) ORDER BY request_id, image_id LIMIT $3) i
       JOIN request r ON r.id = i.request_id ORDER BY i.request_id, i.image_id`,
      [...after, limit],
    );
    const last = rows.at(-1);
    return {
      rows: rows.filter((row) => row.settled).map(({ settled: _, ...row }) => row),
      next: last && [last.requestId, last.imageId],
    };
  }

  /** Those whose entry in the register is the same as when they were read. */
  async stillSettled(images: readonly AuditedImage[]): Promise<readonly AuditedImage[]> {
    return settled(this.pool, images, '');
  }

  /** Runs `work` for those that are still settled; their wanted marks cannot change until `work` is done. */
  async whileSettled<T>(
    images: readonly AuditedImage[],
    work: (settled: readonly AuditedImage[]) => Promise<T>,
  ): Promise<T> {
    return transaction(
      this.pool,
      async (client) => work(await settled(client, images, 'FOR UPDATE OF i')),
      mendIdleSeconds,
    );
  }

  /**
   * Of these images, those that are archived according to the register, and who acknowledged already that OMERO lacks
   * them.
   */
  async archivedImages(
    ids: readonly bigint[],
  ): Promise<ReadonlyMap<bigint, { readonly deletionKnownBy: string | null }>> {
    const { rows } = await this.pool.query<{ id: bigint; deletionKnownBy: string | null }>(
      `SELECT image_id AS id, deletion_known_by AS "deletionKnownBy" FROM request_image WHERE image_id = ANY($1) AND mark_wanted = 'archived'`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /**
   * Records who confirmed that these images were deleted in OMERO on purpose. Nothing else changes: they stay archived.
   * Returns the number of images.
   */
  async acknowledgeDeleted(ids: readonly bigint[], by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const { rows: requests } = await client.query<{ id: bigint }>(
        'SELECT DISTINCT request_id AS id FROM request_image WHERE image_id = ANY($1)',
        [ids],
      );
      await lockRequests(
        client,
        requests.map((row) => row.id),
      );
      const {
        rows: [row],
      } = await client.query<{ images: number }>(
        `WITH known AS (
           UPDATE request_image SET deletion_known_by = $2 WHERE image_id = ANY($1) AND mark_wanted = 'archived' AND deletion_known_by IS NULL RETURNING request_id, image_id
         ), told AS (
           INSERT INTO event (actor, request_id, what, detail)
           SELECT $2, request_id, 'deletion acknowledged', jsonb_build_object('images', array_agg(image_id ORDER BY image_id)) FROM known GROUP BY request_id)
         SELECT count(*)::int AS images FROM known`,
        [ids, by],
      );
      return row?.images ?? 0;
    });
  }

  private async indexes(
    condition: string,
    copies: readonly CopyPlace[],
    values: readonly unknown[],
  ): Promise<ReadonlySet<number>> {
    const { rows } = await this.pool.query<{ nr: bigint }>(
      // A subquery with a limit is a probe into the index of paths, however the planner rates the rest of the
      // condition.
      `SELECT w.nr FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS w(root, path, nr)
       WHERE coalesce((SELECT true FROM file f WHERE f.path = w.path AND f.root = w.root AND ${condition} LIMIT 1), false)`,
      [copies.map((copy) => copy.root), copies.map((copy) => copy.path), ...values],
    );
    return new Set(rows.map((row) => Number(row.nr) - 1));
  }
}

/** OMERO may take some time to get a lock while the register's rows are locked. */
const mendIdleSeconds = 120;

async function settled(
  client: pg.Pool | pg.ClientBase,
  images: readonly AuditedImage[],
  lock: string,
): Promise<readonly AuditedImage[]> {
  const { rows } = await client.query<{ nr: bigint }>(
    `SELECT w.nr FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS w(request_id, image_id, mark, nr)
     JOIN request_image i ON i.request_id = w.request_id AND i.image_id = w.image_id AND i.mark_wanted = w.mark AND i.mark_written = w.mark
     ORDER BY i.request_id, i.image_id ${lock}`,
    [images.map((image) => image.requestId), images.map((image) => image.imageId), images.map((image) => image.mark)],
  );
  return rows.map((row) => images[Number(row.nr) - 1] as AuditedImage);
}
