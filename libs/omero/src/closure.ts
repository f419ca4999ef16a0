import type { OmeroHash, RootName } from '@coldroom/domain';
import { openingRows, type ComponentOpening } from './bio-formats/openings';
import { buildClosure } from './closure-tables';
import type { Session } from './session';
import { legacyPath } from './legacy-paths';
import type { Person } from './people';

/** What can only be archived together: a fileset, or OMERO 4 images and filesets that share files. */
export interface Component {
  /** `Fileset:9`, `Legacy:45` by the smallest pixels id, or `Image:3` if there are not even pixels. */
  readonly name: string;
  readonly filesets: number;
  readonly images: number;
  /**
   * The transfer class of an import that left the bytes where they were (`...SymlinkFileTransfer`): they are not
   * OMERO's.
   */
  readonly inPlace: string | null;
  /**
   * Entries in another repository, which are not listed: if there are any, the component cannot be archived as a whole.
   */
  readonly foreignFiles: number;
}

export interface ClosureImage {
  readonly component: string;
  readonly imageId: bigint;
  readonly name: string;
  readonly owner: Person;
  readonly group: { readonly id: bigint; readonly name: string };
  /** The current `image.archived`, which a restore sets again. */
  readonly archived: boolean | null;
  /** One of the requested images; others are included because they share files with one. */
  readonly marked: boolean;
  readonly pixelsIds: readonly bigint[];
}

export interface ClosureFile {
  readonly component: string;
  readonly root: RootName;
  /**
   * Bytes below the root. In the managed repository exactly `path || name` as stored: it may contain `..`, begin with a
   * slash or be empty; the caller must check it.
   */
  readonly path: Buffer;
  /** As stored: may be negative. */
  readonly size: bigint | null;
  readonly hash: OmeroHash | null;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  readonly role: 'original' | 'pixels' | 'pyramid';
  /** False: the database does not show whether the file exists; look on disk. */
  readonly mandatory: boolean;
}

/** Readers of one snapshot, sorted by component in the same order; each may be iterated more than once, also nested. */
export interface Closure {
  readonly components: AsyncIterable<Component>;
  readonly images: AsyncIterable<ClosureImage>;
  readonly files: AsyncIterable<ClosureFile>;
  /** How OMERO opens each of the filesets; images without one are left out. */
  readonly openings: AsyncIterable<ComponentOpening>;
}

/** Class names of transfers after which the bytes are OMERO's own; any other counts as in place. */
const ownBytes = [
  'UploadFileTransfer',
  'UploadRmFileTransfer',
  'CopyFileTransfer',
  'CopyMoveFileTransfer',
  'MoveFileTransfer',
];

const componentRows = `
  SELECT c.name, units.filesets::integer, images.images::integer, transfer.class AS "inPlace", coalesce(elsewhere.files, 0)::integer AS "foreignFiles"
    FROM coldroom_component c
    JOIN (SELECT label, count(*) FILTER (WHERE unit > 0) AS filesets FROM coldroom_unit GROUP BY label) AS units ON units.label = c.label
    JOIN (SELECT label, count(*) AS images FROM coldroom_image GROUP BY label) AS images ON images.label = c.label
    LEFT JOIN (SELECT u.label, min(a.textvalue) AS class
                 FROM coldroom_unit u JOIN filesetannotationlink l ON l.parent = u.unit JOIN annotation a ON a.id = l.child
                WHERE a.discriminator = '/basic/text/comment/' AND a.ns = 'openmicroscopy.org/omero/import/fileTransfer'
                  AND substring(btrim(a.textvalue) from '[^.]*$') <> ALL ($2::text[])
                GROUP BY u.label) AS transfer ON transfer.label = c.label
    LEFT JOIN (SELECT u.label, count(DISTINCT h.original) AS files
                 FROM coldroom_holding h JOIN coldroom_unit u ON u.unit = h.unit JOIN originalfile o ON o.id = h.original
                WHERE o.repo IS DISTINCT FROM $1 AND NOT (h.mapped AND o.repo IS NULL)
                GROUP BY u.label) AS elsewhere ON elsewhere.label = c.label
   ORDER BY c.label`;

const imageRows = `
  SELECT c.name AS component, i.id AS "imageId", i.name, i.owner_id AS owner, e.omename, i.group_id AS group, g.name AS group_name, i.archived,
         m.image IS NOT NULL AS marked,
         coalesce((SELECT array_agg(p.id ORDER BY p.id) FROM pixels p WHERE p.image = i.id), '{}') AS "pixelsIds"
    FROM coldroom_image x JOIN coldroom_component c ON c.label = x.label JOIN image i ON i.id = x.image
    JOIN experimenter e ON e.id = i.owner_id JOIN experimentergroup g ON g.id = i.group_id
    LEFT JOIN coldroom_marked m ON m.image = i.id
   ORDER BY c.label, i.id`;

/**
 * A file held twice is listed once. Files mapped to pixels are below `Files/`; images without a fileset have pixels on
 * disk, too.
 */
const fileRows = `
  SELECT c.name AS component, c.label, o.id AS original, NULL::bigint AS pixels,
         CASE WHEN o.repo IS NOT NULL THEN convert_to(o.path || o.name, 'UTF8') END AS path, o.size, a.value AS algorithm, o.hash
    FROM (SELECT u.label, h.original, bool_or(h.mapped) AS mapped
            FROM coldroom_holding h JOIN coldroom_unit u ON u.unit = h.unit GROUP BY u.label, h.original) AS held
    JOIN coldroom_component c ON c.label = held.label JOIN originalfile o ON o.id = held.original
    LEFT JOIN checksumalgorithm a ON a.id = o.hasher
   WHERE o.repo = $1 OR (held.mapped AND o.repo IS NULL)
  UNION ALL
  SELECT c.name, c.label, NULL, p.id, NULL, NULL, NULL, NULL
    FROM coldroom_unit u JOIN coldroom_component c ON c.label = u.label JOIN pixels p ON p.image = -u.unit WHERE u.unit < 0
   ORDER BY 2, 3, 4`;

/** The closure of these images under sharing filesets and files; `repository` is the uuid of the managed one. */
export async function readClosure<T>(
  session: Session,
  imageIds: readonly bigint[],
  repository: string,
  use: (closure: Closure) => Promise<T>,
): Promise<T> {
  await buildClosure(session, imageIds);
  const again = <Row>(read: () => AsyncGenerator<Row>): AsyncIterable<Row> => ({ [Symbol.asyncIterator]: read });
  return use({
    components: again(() => session.cursor<Component>(componentRows, [repository, ownBytes])),
    images: again(() => closureImages(session)),
    files: again(() => closureFiles(session, repository)),
    openings: again(() => session.cursor<ComponentOpening>(openingRows)),
  });
}

interface ImageRow {
  component: string;
  imageId: bigint;
  name: string;
  owner: bigint;
  omename: string;
  group: bigint;
  group_name: string;
  archived: boolean | null;
  marked: boolean;
  pixelsIds: bigint[];
}

async function* closureImages(session: Session): AsyncGenerator<ClosureImage> {
  for await (const { owner, omename, group, group_name, ...image } of session.cursor<ImageRow>(imageRows)) {
    yield { ...image, owner: { id: owner, name: omename }, group: { id: group, name: group_name } };
  }
}

interface FileRow {
  component: string;
  original: bigint | null;
  pixels: bigint | null;
  path: Buffer | null;
  size: bigint | null;
  algorithm: string | null;
  hash: string | null;
}

async function* closureFiles(session: Session, repository: string): AsyncGenerator<ClosureFile> {
  for await (const row of session.cursor<FileRow>(fileRows, [repository])) {
    const { component, size } = row;
    if (row.original !== null) {
      const hash = row.algorithm !== null && row.hash !== null ? { algorithm: row.algorithm, value: row.hash } : null;
      const place = row.path
        ? ({ root: 'ManagedRepository', path: row.path } as const)
        : ({ root: 'Files', path: Buffer.from(legacyPath(row.original)) } as const);
      yield {
        component,
        ...place,
        size,
        hash,
        originalFileId: row.original,
        pixelsId: null,
        role: 'original',
        mandatory: true,
      };
    } else if (row.pixels !== null) {
      const path = legacyPath(row.pixels);
      const pixels = {
        component,
        root: 'Pixels',
        size: null,
        hash: null,
        originalFileId: null,
        pixelsId: row.pixels,
        mandatory: false,
      } as const;
      yield { ...pixels, path: Buffer.from(path), role: 'pixels' };
      yield { ...pixels, path: Buffer.from(`${path}_pyramid`), role: 'pyramid' };
    }
  }
}
