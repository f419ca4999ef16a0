import type { MarkName, NewAnnotation } from './annotations';
import { beforeKey, type LockedImage } from './image-rows';
import type { Person } from './people';

export interface ImageMark {
  readonly imageId: bigint;
  /** The group in which the image was last seen. */
  readonly groupId: bigint;
  readonly requester: Person;
  /**
   * `image.archived` before an earlier mark of ours that is gone: a new ARCHIVED keeps this instead of the current
   * value.
   */
  readonly archivedBefore?: boolean | null;
}

const beforeWords: ReadonlyMap<boolean | null, string> = new Map([
  [true, 'True'],
  [false, 'False'],
  [null, 'Unset'],
]);

/** One annotation for all images with the same owner, group, requester and former `image.archived`. */
export function annotationsFor(
  name: MarkName,
  marks: readonly ImageMark[],
  images: ReadonlyMap<bigint, LockedImage>,
): NewAnnotation[] {
  const shared = new Map<string, NewAnnotation & { imageIds: bigint[] }>();
  for (const { imageId, requester, archivedBefore } of marks) {
    const { owner, group, archived } = images.get(imageId) as LockedImage;
    const description = `Owner : ${requester.id} : ${requester.name}`;
    const before =
      name === 'ARCHIVED'
        ? [[beforeKey, beforeWords.get(archivedBefore === undefined ? archived : archivedBefore) as string] as const]
        : [];
    const key = JSON.stringify([String(owner), String(group), description, before]);
    const annotation = shared.get(key) ?? {
      ownerId: owner,
      groupId: group,
      description,
      values: [[name, 'True'] as const, ...before],
      imageIds: [],
    };
    annotation.imageIds.push(imageId);
    shared.set(key, annotation);
  }
  return [...shared.values()];
}

/** The earlier `image.archived` that a mark keeps; undefined if the mark has none that is known. */
export function wordedBefore(word: string | null): boolean | null | undefined {
  return [...beforeWords].find(([, known]) => known === word)?.[0];
}
