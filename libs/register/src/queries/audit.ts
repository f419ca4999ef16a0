import type pg from 'pg';
import type { FileState, RootName } from '@coldroom/domain';
import { auditedFiles, stand, turnsOf, type AuditedFile, type Page } from './audited-files';
import {
  acknowledgeDeleted,
  archivedImages,
  auditedImages,
  stillSettled,
  whileSettled,
  type AuditedImage,
  type PageStart,
} from './audited-images';
import { bagsNamed, type KnownBag } from './known-bags';
import { recount, wrongTotals, type WrongTotals } from './totals';

export type { KnownBag } from './known-bags';

/** A file that is named by its number in a hold or staging directory. */
export interface HeldFile {
  readonly id: bigint;
  readonly bag: string;
  readonly store: string;
  readonly stand: FileState;
  readonly retrieval: 'restore' | 'recall' | null;
}

export interface CopyPlace {
  readonly root: RootName;
  readonly path: Buffer;
}

/** Reads for an audit, page by page: never loads all files at once, and never keeps a transaction open. */
export class Audit {
  constructor(private readonly pool: pg.Pool) {}

  /** The files of the next bags after this one; see `auditedFiles`. */
  async files(
    after: bigint,
    options: { readonly store?: string | undefined; readonly limit?: number } = {},
  ): Promise<Page<AuditedFile, bigint>> {
    return auditedFiles(this.pool, after, options);
  }

  /** Requests whose totals differ from a count; see `wrongTotals`. */
  async wrongTotals(): Promise<readonly WrongTotals[]> {
    return wrongTotals(this.pool);
  }

  /** Replaces the totals of a request by a count; see `recount`. */
  async recount(requestId: bigint): Promise<void> {
    await recount(this.pool, requestId);
  }

  /** The current `turn` of these files; see `turnsOf`. */
  async turns(ids: readonly bigint[]): Promise<ReadonlyMap<bigint, string>> {
    return turnsOf(this.pool, ids);
  }

  /** The stores that contain files. */
  async stores(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ store: string }>('SELECT DISTINCT store FROM bag ORDER BY store');
    return rows.map((row) => row.store);
  }

  /** The bags of these names, and the stores that have them; see `bagsNamed`. */
  async bagsNamed(names: readonly string[]): Promise<ReadonlyMap<string, KnownBag>> {
    return bagsNamed(this.pool, names);
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

  /** Of the next images after this one, those for which OMERO should still show their marks; see `auditedImages`. */
  async images(after: PageStart, limit = 1000): Promise<Page<AuditedImage, PageStart>> {
    return auditedImages(this.pool, after, limit);
  }

  /** Those whose entry in the register is the same as when they were read. */
  async stillSettled(images: readonly AuditedImage[]): Promise<readonly AuditedImage[]> {
    return stillSettled(this.pool, images);
  }

  /** Runs `work` for those that are still settled; see `whileSettled`. */
  async whileSettled<T>(
    images: readonly AuditedImage[],
    work: (settled: readonly AuditedImage[]) => Promise<T>,
  ): Promise<T> {
    return whileSettled(this.pool, images, work);
  }

  /** Of these images, those that are archived according to the register; see `archivedImages`. */
  async archivedImages(
    ids: readonly bigint[],
  ): Promise<ReadonlyMap<bigint, { readonly deletionKnownBy: string | null }>> {
    return archivedImages(this.pool, ids);
  }

  /** Records who confirmed that these images were deleted in OMERO on purpose; see `acknowledgeDeleted`. */
  async acknowledgeDeleted(ids: readonly bigint[], by: string): Promise<number> {
    return acknowledgeDeleted(this.pool, ids, by);
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
