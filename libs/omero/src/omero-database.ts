import type pg from 'pg';
import type { Container } from '@coldroom/domain';
import { readOpenings, type FilesetOpening } from './bio-formats/openings';
import { repairArchived, readImageFacts, readOriginalSizes, readPixels, type ImageFacts } from './audit';
import { checkRights, checkSchema, checkVersion, type OmeroVersion } from './check';
import { type Closure, readClosure } from './closure';
import { type ConnectionOptions, inTransaction, openPool, readInTransaction } from './connection';
import { type ContainerContent, readContainer } from './containers';
import { clearMarks, type ClearOptions, type ClearOutcome, dropMarks, type MarkOutcome, setMark } from './image-marks';
import { annotateImages, type ImagePairs } from './import-annotations';
import { type ImportAnswer, type ImportAnswerOutcome, writeImportAnswers } from './import-answers';
import { checkImportMarkRights, type ImportMark, readImportMarks } from './import-marks';
import type { ImageMark } from './mark-annotations';
import { type IgnoredMark, type Mark, readMarks, type RequestMark } from './marks';
import { type ImageNote, readNotes } from './notes';
import { findManagedRepository, type Repository } from './repositories';
import { readExisting, readImageOf, readImageRecord, type ImageRecord } from './image-facts';
import { checkUsageRights, readUsage, type OmeroUsage } from './usage';
import { readDetails, readLegacyPixels, type LegacyPixels, type OmeroDetails } from './usage-details';
import { checkRosterRights, readRoster, type OmeroRoster } from './roster';

export interface OmeroOptions extends ConnectionOptions {
  /** Uuid or path of the managed repository, if OMERO has several. */
  readonly managedRepository?: string;
}

export interface OmeroFacts extends OmeroVersion {
  readonly databaseUuid: string | null;
  readonly managedRepository: Repository;
}

/**
 * OMERO's own database. All our SQL on its schema is in this library. Every method throws `Transient`
 * (`OMERO_DATABASE_UNAVAILABLE`, `OMERO_DATABASE_READ_ONLY`, `OMERO_DATABASE_BUSY`: try again) or `Refused`
 * (`OMERO_LOGIN_REFUSED`, `OMERO_DATABASE_POOLED`, `OMERO_RIGHTS_MISSING`, `OMERO_SCHEMA_UNKNOWN`: needs a person).
 */
export class OmeroDatabase {
  #repository: Repository | undefined;

  private constructor(
    private readonly pool: pg.Pool,
    private readonly options: OmeroOptions,
  ) {}

  /** Does not open a connection yet. */
  static connect(url: string, options: OmeroOptions = {}): OmeroDatabase {
    return new OmeroDatabase(openPool(url, options), options);
  }

  /** Whether this is an OMERO that we know and may work with. Call it at start and before each scan; it only reads. */
  check(): Promise<OmeroFacts> {
    return inTransaction(this.pool, 'read', async (session) => {
      await checkSchema(session);
      await checkRights(session);
      const version = await checkVersion(session);
      const managedRepository = await findManagedRepository(session, this.options.managedRepository);
      const [uuid] = await session.rows<{ value: string | null }>(
        "SELECT value FROM configuration WHERE name = 'omero.db.uuid'",
      );
      this.#repository = managedRepository;
      return { ...version, databaseUuid: uuid?.value ?? null, managedRepository };
    });
  }

  /**
   * All images with this mark, by image id, from one snapshot; read in batches. Holds a connection until the loop ends.
   * An image is returned once for each annotation that marks it. Marks that must not be acted on have `ignored` and a
   * reason.
   */
  marks(name: RequestMark): AsyncGenerator<Mark | IgnoredMark> {
    return readInTransaction(this.pool, (session) => readMarks(session, name));
  }

  /**
   * Annotations by which people order imports, by id, from one snapshot; those that are answered, too. Throws `Refused`
   * `OMERO_IMPORT_MARKS_NOT_READABLE` where the role may not read them; nothing else needs that right.
   */
  importMarks(): AsyncGenerator<ImportMark> {
    return readInTransaction(this.pool, readImportMarks);
  }

  /** Throws as `importMarks` does, without reading any. */
  checkImportMarkRights(): Promise<void> {
    return inTransaction(this.pool, 'read', checkImportMarkRights);
  }

  /** See `writeImportAnswers`. One transaction; may be repeated. */
  answerImportMarks(answers: readonly ImportAnswer[]): Promise<readonly ImportAnswerOutcome[]> {
    return inTransaction(this.pool, 'write', (session) => writeImportAnswers(session, answers));
  }

  /** See `annotateImages`. One transaction; may be repeated. */
  annotateImages(
    filesetIds: readonly bigint[],
    annotation: ImagePairs,
    after: bigint,
  ): ReturnType<typeof annotateImages> {
    return inTransaction(this.pool, 'write', (session) => annotateImages(session, filesetIds, annotation, after));
  }

  /**
   * Everything that must be archived together with these images, from one snapshot. The readers are invalid after `use`
   * ends. Ids of images that do not exist are left out. An error of `use` is passed on unchanged.
   */
  async withClosure<T>(imageIds: readonly bigint[], use: (closure: Closure) => Promise<T>): Promise<T> {
    const { uuid } = this.#repository ?? (await this.check()).managedRepository;
    return inTransaction(this.pool, 'snapshot', (session) => readClosure(session, imageIds, uuid, use));
  }

  /**
   * All users, groups and memberships. Throws `Refused` `OMERO_PEOPLE_NOT_READABLE` where the role may not read names and
   * e-mail addresses; nothing else needs that right.
   */
  roster(): Promise<OmeroRoster> {
    return inTransaction(this.pool, 'snapshot', readRoster);
  }

  /** Throws as `roster` does, without reading anyone. */
  checkRosterRights(): Promise<void> {
    return inTransaction(this.pool, 'read', checkRosterRights);
  }

  /** See `readContainer`. */
  container(container: Container): Promise<ContainerContent | undefined> {
    return inTransaction(this.pool, 'read', (session) => readContainer(session, container));
  }

  /**
   * How much there is in filesets, by owner and group. Throws `Refused` `OMERO_USAGE_NOT_READABLE` where the role may not
   * read when images were imported, `Transient` `OMERO_DATABASE_BUSY` where a statement takes more than `limitMs`.
   */
  usage(limitMs: number): Promise<OmeroUsage> {
    return inTransaction(this.pool, 'read', (session) => readUsage(session, limitMs));
  }

  /** The same by dataset and format, the largest filesets, and OMERO 4 data. Throws as `usage` does. */
  usageDetails(limitMs: number): Promise<OmeroDetails> {
    return inTransaction(this.pool, 'read', (session) => readDetails(session, limitMs));
  }

  /** Pixels of images without a fileset, from one snapshot. Holds a connection until the loop ends. */
  legacyPixels(): AsyncGenerator<LegacyPixels> {
    return readInTransaction(this.pool, readLegacyPixels);
  }

  /** See `readImageRecord`. */
  imageRecord(id: bigint): Promise<ImageRecord | undefined> {
    return inTransaction(this.pool, 'read', (session) => readImageRecord(session, id));
  }

  /** See `readImageOf`. */
  imageOf(filesetId: bigint): Promise<bigint | undefined> {
    return inTransaction(this.pool, 'read', (session) => readImageOf(session, filesetId));
  }

  /** Of these images, those that exist. */
  existing(imageIds: readonly bigint[]): Promise<ReadonlySet<bigint>> {
    return inTransaction(this.pool, 'read', (session) => readExisting(session, imageIds));
  }

  /** Throws as `usage` does, without reading anything. */
  checkUsageRights(): Promise<void> {
    return inTransaction(this.pool, 'read', checkUsageRights);
  }

  /**
   * Replaces TO-ARCHIVE with ARCHIVE-PENDING. At most 1000 images; one transaction; may be repeated. Returns answers in
   * the order requested.
   */
  setPending(marks: readonly ImageMark[]): Promise<readonly MarkOutcome[]> {
    return inTransaction(this.pool, 'write', (session) => setMark(session, 'ARCHIVE-PENDING', marks));
  }

  /**
   * Replaces ARCHIVE-PENDING with ARCHIVED and sets `image.archived`. At most 1000 images; one transaction; may be
   * repeated.
   */
  setArchived(marks: readonly ImageMark[]): Promise<readonly MarkOutcome[]> {
    return inTransaction(this.pool, 'write', (session) => setMark(session, 'ARCHIVED', marks));
  }

  /**
   * Removes our marks. At most 1000 images; one transaction; may be repeated. See `ClearOptions` for images that are
   * archived.
   */
  clear(images: readonly Pick<ImageMark, 'imageId'>[], options: ClearOptions): Promise<readonly ClearOutcome[]> {
    return inTransaction(this.pool, 'write', (session) =>
      clearMarks(
        session,
        images.map(({ imageId }) => imageId),
        options,
      ),
    );
  }

  /**
   * Removes marks with these names, and only them. At most 1000 images; one transaction; may be repeated. Returns how many
   * were removed.
   */
  dropMarks(imageIds: readonly bigint[], names: readonly string[]): Promise<number> {
    return inTransaction(this.pool, 'write', (session) => dropMarks(session, imageIds, names));
  }

  /** See `readNotes`. */
  notes(imageIds: readonly bigint[]): Promise<ReadonlyMap<bigint, ImageNote>> {
    return inTransaction(this.pool, 'read', (session) => readNotes(session, imageIds));
  }

  /** What OMERO records of these images; those that do not exist are left out. */
  imageFacts(imageIds: readonly bigint[]): Promise<ReadonlyMap<bigint, ImageFacts>> {
    return inTransaction(this.pool, 'read', (session) => readImageFacts(session, imageIds));
  }

  /**
   * Sizes that OMERO recorded for these original files, and which of these pixels exist. What does not exist is left
   * out.
   */
  fileFacts(
    originalIds: readonly bigint[],
    pixelsIds: readonly bigint[],
  ): Promise<{ readonly originals: ReadonlyMap<bigint, bigint | null>; readonly pixels: ReadonlySet<bigint> }> {
    return inTransaction(this.pool, 'read', async (session) => ({
      originals: await readOriginalSizes(session, originalIds),
      pixels: await readPixels(session, pixelsIds),
    }));
  }

  /** How OMERO opens the filesets that these original files belong to, by file. At most 1000 files. */
  openingsOf(originalFileIds: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly FilesetOpening[]>> {
    return inTransaction(this.pool, 'read', (session) => readOpenings(session, originalFileIds));
  }

  /**
   * Restores ARCHIVED and `image.archived` where either was lost. At most 1000 images; one transaction; may be
   * repeated.
   */
  repairArchived(marks: readonly ImageMark[]): Promise<void> {
    return inTransaction(this.pool, 'write', (session) => repairArchived(session, marks));
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
