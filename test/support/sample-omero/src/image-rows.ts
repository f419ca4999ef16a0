import type { LaidFile, PlannedFile } from './disk';
import type { Row } from './rows';
import { timestamp, type OmeroEvent, type OmeroServer, type SampleUser } from './server';

interface NewImage {
  readonly name: string;
  readonly series: number;
  readonly width: number;
  readonly height: number;
  /** All three are undefined for an image of OMERO 4. */
  readonly fileset?: number;
  readonly path?: string;
  readonly file?: string;
  readonly archived?: boolean;
  readonly description?: string;
  /** One of OMERO's formats; TIFF if not given. */
  readonly format?: string;
  /** Sections, channels and times; 1 each if not given. */
  readonly planes?: { readonly z: number; readonly c: number; readonly t: number };
  /** One of OMERO's pixel types; uint8 if not given. */
  readonly pixelsType?: string;
  readonly dataset: number | undefined;
}

/** One image with its pixels, in a dataset or in none. */
export async function imageRows(
  server: OmeroServer,
  owner: SampleUser,
  event: OmeroEvent,
  image: NewImage,
): Promise<{ readonly image: number; readonly pixels: number }> {
  const details = server.details(owner, event);
  const [id, pixels] = [await server.rows.id('image'), await server.rows.id('pixels')];
  server.rows.add('image', {
    ...details,
    id,
    name: image.name,
    series: image.series,
    acquisitiondate: timestamp(event.time),
    partial: null,
    archived: image.archived ?? null,
    fileset: image.fileset ?? null,
    description: image.description ?? null,
    format: server.enumeration('format', image.format ?? 'TIFF'),
  });
  server.rows.add('pixels', {
    ...details,
    id: pixels,
    sha1: 'Pending...',
    sizex: image.width,
    sizey: image.height,
    sizez: image.planes?.z ?? 1,
    sizec: image.planes?.c ?? 1,
    sizet: image.planes?.t ?? 1,
    significantbits: 8,
    physicalsizex: 0.65,
    physicalsizexunit: 'µm',
    physicalsizey: 0.65,
    physicalsizeyunit: 'µm',
    dimensionorder: server.enumeration('dimensionorder', 'XYZCT'),
    pixelstype: server.enumeration('pixelstype', image.pixelsType ?? 'uint8'),
    image: id,
    image_index: 0,
    path: image.path ?? null,
    name: image.file ?? null,
    repo: image.fileset === undefined ? null : server.managedUuid,
  });
  if (image.dataset !== undefined) {
    server.rows.add('datasetimagelink', {
      ...details,
      id: await server.rows.id('datasetimagelink'),
      parent: image.dataset,
      child: id,
    });
  }
  await server.log(event, 'ome.model.core.Image', id);
  return { image: id, pixels };
}

interface Place {
  readonly id?: number;
  readonly path: string;
  readonly name: string;
  readonly repo: string | null;
}

/** The columns that all rows of one import share, and its event. */
interface RowOrigin {
  readonly details: Row;
  readonly event: OmeroEvent;
}

/** An originalfile row that describes the bytes as planned. */
export async function fileRow(
  server: OmeroServer,
  { details, event }: RowOrigin,
  place: Place,
  { file, laid }: { readonly file: PlannedFile; readonly laid: LaidFile },
): Promise<number> {
  const id = place.id ?? (await server.rows.id('originalfile'));
  const said: Record<NonNullable<PlannedFile['hash']>, string | null> = {
    right: laid.hex,
    'upper-case': laid.hex.toUpperCase(),
    wrong: wrongHash(laid.hex),
    none: null,
  };
  const hasher = file.hasher ?? 'SHA1-160';
  server.rows.add('originalfile', {
    ...details,
    id,
    path: place.path,
    repo: place.repo,
    name: place.repo === null ? place.name : server.nameInRepository(place.name),
    size: laid.size,
    hash: said[file.hash ?? 'right'],
    hasher: file.hash === 'none' ? null : server.enumeration('checksumalgorithm', hasher),
    mimetype: 'application/octet-stream',
    mtime: timestamp(event.time),
    ctime: timestamp(event.time),
  });
  await server.log(event, 'ome.model.core.OriginalFile', id);
  return id;
}

/** A checksum of the right form that no file will ever have here: each digit is changed. */
function wrongHash(hex: string): string {
  return hex.replace(/./g, (digit) => (15 - parseInt(digit, 16)).toString(16));
}
