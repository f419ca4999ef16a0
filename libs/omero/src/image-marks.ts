import { addAnnotations, dropLinks, markNames, namespace, noteName, openEvent } from './annotations';
import { lockImages, setArchived, standingMarks, type StandingMark } from './image-rows';
import { annotationsFor, wordedBefore, type ImageMark } from './mark-annotations';
import type { Session } from './session';

export interface MarkOutcome {
  readonly imageId: bigint;
  /**
   * `already`: the mark (or, for pending, ARCHIVED) existed and was not touched. `gone`: the image no longer exists.
   */
  readonly outcome: 'marked' | 'already' | 'gone';
  /** The image's group now, in which the mark was put. */
  readonly groupId: bigint | null;
  /** The image is in another group than when it was last seen. */
  readonly moved: boolean;
  /**
   * `image.archived` before our ARCHIVED mark, even if that existed already (the mark keeps it); undefined: not known.
   */
  readonly archivedBefore: boolean | null | undefined;
}

export interface ClearOutcome {
  readonly imageId: bigint;
  readonly outcome: 'cleared' | 'already' | 'gone';
}

/**
 * Puts `name` on images that do not have it and removes the marks that it replaces, an ARCHIVED of the older tool
 * included. Writes nothing where nothing changes.
 */
export async function setMark(
  session: Session,
  name: 'ARCHIVE-PENDING' | 'ARCHIVED',
  marks: readonly ImageMark[],
): Promise<MarkOutcome[]> {
  const images = await lockImages(
    session,
    marks.map(({ imageId }) => imageId),
  );
  const standing = await standingMarks(session, [...images.keys()], markNames);
  // Archived images do not become pending again.
  const enough: readonly string[] = name === 'ARCHIVED' ? ['ARCHIVED'] : ['ARCHIVE-PENDING', 'ARCHIVED'];
  const over: readonly string[] = name === 'ARCHIVED' ? ['TO-ARCHIVE', 'ARCHIVE-PENDING'] : ['TO-ARCHIVE'];
  // An ARCHIVED of the older tool does not keep the image's earlier flag, and that tool never set the flag.
  const isOlder = (mark: StandingMark): boolean => name === 'ARCHIVED' && mark.name === name && mark.before === null;
  const stands = new Map(
    standing.filter((mark) => enough.includes(mark.name) && !isOlder(mark)).map((mark) => [mark.image, mark]),
  );
  const wanted = new Map(
    marks.filter(({ imageId }) => images.has(imageId) && !stands.has(imageId)).map((mark) => [mark.imageId, mark]),
  );
  const superseded = standing.filter((mark) => over.includes(mark.name) || isOlder(mark)).map(({ link }) => link);

  if (wanted.size > 0 || superseded.length > 0) {
    const event = await openEvent(
      session,
      [...images.values()].map(({ group }) => group),
    );
    if (wanted.size > 0)
      await addAnnotations(session, event, { namespace, name }, annotationsFor(name, [...wanted.values()], images));
    await dropLinks(session, event, superseded);
    if (name === 'ARCHIVED')
      await setArchived(
        session,
        event,
        [...wanted.keys()].map((id) => [id, true]),
      );
  }
  return marks.map(({ imageId, groupId }) => {
    const image = images.get(imageId);
    if (!image) return { imageId, outcome: 'gone', groupId: null, moved: false, archivedBefore: undefined };
    const mark = stands.get(imageId);
    return {
      imageId,
      outcome: mark ? 'already' : 'marked',
      groupId: image.group,
      moved: image.group !== groupId,
      archivedBefore: mark ? wordedBefore(mark.before) : image.archived,
    };
  });
}

/** Removes marks with these names from images, whoever set them. Returns how many links that were. */
export async function dropMarks(
  session: Session,
  imageIds: readonly bigint[],
  names: readonly string[],
): Promise<number> {
  const images = await lockImages(session, imageIds);
  const standing = await standingMarks(session, [...images.keys()], names);
  if (standing.length === 0) return 0;
  const event = await openEvent(
    session,
    [...images.values()].map(({ group }) => group),
  );
  await dropLinks(
    session,
    event,
    standing.map(({ link }) => link),
  );
  return standing.length;
}

export interface ClearOptions {
  /**
   * Images that are no longer archived, with their earlier `image.archived`: only these lose ARCHIVED and FROM-ARCHIVE.
   */
  readonly restoreArchived: ReadonlyMap<bigint, boolean | null>;
  /** Removes the researcher's ARCHIVE NOTE, too. */
  readonly dropNote: boolean;
}

/** Removes TO-ARCHIVE and ARCHIVE-PENDING. An image whose ARCHIVED mark stays keeps a FROM-ARCHIVE, and its flag. */
export async function clearMarks(
  session: Session,
  imageIds: readonly bigint[],
  options: ClearOptions,
): Promise<ClearOutcome[]> {
  const images = await lockImages(session, imageIds);
  const standing = await standingMarks(session, [...images.keys()], [...markNames, noteName]);
  const stays = new Set(
    standing
      .filter(({ name, image }) => name === 'ARCHIVED' && !options.restoreArchived.has(image))
      .map(({ image }) => image),
  );
  const dropped = standing.filter(({ name, image }) => {
    if (name === noteName) return options.dropNote;
    return name === 'ARCHIVED' || name === 'FROM-ARCHIVE' ? !stays.has(image) : true;
  });
  // Only flags that are set are reset: an image whose flag was cleared by another user since stays as it is.
  const back = [...options.restoreArchived].filter(
    ([id, before]) => images.get(id)?.archived === true && before !== true,
  );
  if (dropped.length > 0 || back.length > 0) {
    const event = await openEvent(
      session,
      [...images.values()].map(({ group }) => group),
    );
    await dropLinks(
      session,
      event,
      dropped.map(({ link }) => link),
    );
    await setArchived(session, event, back);
  }
  const changed = new Set([...dropped.map(({ image }) => image), ...back.map(([id]) => id)]);
  return imageIds.map((imageId) => ({
    imageId,
    outcome: !images.has(imageId) ? 'gone' : changed.has(imageId) ? 'cleared' : 'already',
  }));
}
