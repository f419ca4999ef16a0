import { markNames, namespace, openEvent, type MarkName } from './annotations';
import { setMark } from './image-marks';
import { setArchived } from './image-rows';
import type { ImageMark } from './mark-annotations';
import type { Session } from './session';

/** What OMERO records of an image, for comparison with the register. */
export interface ImageFacts {
  readonly archived: boolean | null;
  readonly marks: readonly MarkName[];
}

/** Images that do not exist are left out. */
export async function readImageFacts(
  session: Session,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, ImageFacts>> {
  const images = await session.rows<{ id: bigint; archived: boolean | null }>(
    'SELECT id, archived FROM image WHERE id = ANY ($1)',
    [ids],
  );
  const marks = await session.rows<{ image: bigint; name: MarkName }>(
    `SELECT DISTINCT l.parent AS image, a.name FROM imageannotationlink l JOIN annotation a ON a.id = l.child
      WHERE l.parent = ANY ($1) AND a.discriminator = '/map/' AND a.ns = $2 AND a.name = ANY ($3)`,
    [ids, namespace, markNames],
  );
  const byImage = Map.groupBy(marks, (mark) => mark.image);
  return new Map(
    images.map(({ id, archived }) => [id, { archived, marks: (byImage.get(id) ?? []).map((mark) => mark.name) }]),
  );
}

/** Sizes of original files as OMERO recorded them; those that do not exist are left out. */
export async function readOriginalSizes(
  session: Session,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, bigint | null>> {
  const rows = await session.rows<{ id: bigint; size: bigint | null }>(
    'SELECT id, size FROM originalfile WHERE id = ANY ($1)',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row.size]));
}

/** Those of these pixels that exist. */
export async function readPixels(session: Session, ids: readonly bigint[]): Promise<ReadonlySet<bigint>> {
  const rows = await session.rows<{ id: bigint }>('SELECT id FROM pixels WHERE id = ANY ($1)', [ids]);
  return new Set(rows.map((row) => row.id));
}

/** Restores a missing ARCHIVED, and sets `image.archived` also where the mark still exists. */
export async function repairArchived(session: Session, marks: readonly ImageMark[]): Promise<void> {
  const outcomes = await setMark(session, 'ARCHIVED', marks);
  const unset = await session.rows<{ id: bigint; group: bigint }>(
    'SELECT id, group_id AS group FROM image WHERE id = ANY ($1) AND archived IS NOT TRUE ORDER BY id',
    [outcomes.map(({ imageId }) => imageId)],
  );
  if (unset.length === 0) return;
  await setArchived(
    session,
    await openEvent(
      session,
      unset.map(({ group }) => group),
    ),
    unset.map(({ id }) => [id, true]),
  );
}
