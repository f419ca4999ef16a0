import type { Container, FileState } from '@coldroom/domain';
import type { FoundPart } from '@coldroom/register';
import { imagesOfContainers, type ContainerImages } from '../retrieve/containers';
import { stayOf, type Stay } from '../requests/mine';
import type { Reviewer } from '../requests/review';
import { may, relationsTo, visibleTo } from '../rights/rights';
import { amount, type Amount } from '../selected-files';

/** An image that the archive knows, and where the files of its fileset are. */
export interface OpenedImage extends Amount {
  readonly imageId: bigint;
  readonly name: string;
  readonly requestId: bigint;
  readonly fileset: string;
  readonly stay: Stay;
  /** The actor may bring it back, and it is away. */
  readonly retrievable: boolean;
}

/** A container of which the actor may see something in the archive. */
export interface OpenedContainer {
  /** `Dataset:7` */
  readonly container: string;
  readonly name: string;
  readonly images: number;
  /** Images that the archive does not know, or not for this actor. */
  readonly missing: number;
  readonly retrievable: boolean;
}

/** The images and containers that someone chose in OMERO. */
export interface Opened {
  /** Those of the containers, too. */
  readonly images: readonly OpenedImage[];
  readonly containers: readonly OpenedContainer[];
  /** Not in the archive, or not for this actor: images, and containers without any such image. */
  readonly missing: readonly bigint[];
  readonly empty: readonly string[];
  /** How many of the images the actor does not see, each counted once; those of `empty` are not counted. */
  readonly unseen: number;
}

/** What was put into a container or taken out of it a minute ago is shown. */
const maxAgeMs = 10_000;

/** Where the files of a fileset differ: the first of these decides. */
const firstOf: readonly Stay[] = [
  'stuck',
  'returning',
  'waiting',
  'copying',
  'copied',
  'online',
  'archived',
  'back',
  'untouched',
];

/**
 * Where exactly these images and those of the containers are, as far as the actor may see them. Throws as
 * `imagesOfContainers`.
 */
export async function openedImages(
  reviewer: Reviewer,
  chosen: readonly bigint[],
  containers: readonly Container[],
): Promise<Opened> {
  const { register, actor, policy } = reviewer;
  const inside = await imagesOfContainers(reviewer, containers, maxAgeMs);
  const imageIds = [...new Set([...chosen, ...inside.flatMap((each) => each.imageIds)])];
  const found = await register.retrievalReports.find({ imageIds, filesets: [] }, visibleTo(actor, policy));
  const byImage = new Map<bigint, FoundPart>();
  for (const part of found) if (part.imageId !== null && !byImage.has(part.imageId)) byImage.set(part.imageId, part);
  const states = Map.groupBy(await register.retrievalReports.states([...byImage.values()]), keyOf);
  const images = [...byImage].map(([imageId, part]): OpenedImage => {
    const rows = states.get(keyOf(part)) ?? [];
    const stay = stayAmong(rows);
    const mayRetrieve = may(actor.roles, 'retrieve', relationsTo(actor, part), policy);
    const { name, requestId, fileset } = part;
    const retrievable = mayRetrieve && (stay === 'archived' || stay === 'online');
    return { imageId, name, requestId, fileset, stay, retrievable, ...amount(rows) };
  });
  const known = new Map(images.map((image) => [image.imageId, image]));
  const opened = inside.map((each) => openedContainer(each, known));
  const shown = inside.filter(({ imageIds }) => imageIds.some((id) => known.has(id)));
  const counted = new Set([...chosen, ...shown.flatMap((each) => each.imageIds)]);
  return {
    images,
    containers: opened.filter(({ images, missing }) => images > missing),
    missing: chosen.filter((id) => !known.has(id)),
    empty: opened.filter(({ images, missing }) => images === missing).map(({ container }) => container),
    unseen: counted.size - images.length,
  };
}

function openedContainer(
  { container, name, imageIds }: ContainerImages,
  known: ReadonlyMap<bigint, OpenedImage>,
): OpenedContainer {
  const images = imageIds.flatMap((id) => known.get(id) ?? []);
  return {
    container,
    name: name ?? container,
    images: imageIds.length,
    missing: imageIds.length - images.length,
    retrievable: images.some(({ retrievable }) => retrievable),
  };
}

const keyOf = ({ requestId, fileset }: { requestId: bigint; fileset: string }): string => `${requestId} ${fileset}`;

function stayAmong(rows: readonly { readonly state: FileState }[]): Stay {
  const present = rows.map(({ state }) => stayOf[state]);
  return firstOf.find((stay) => present.includes(stay)) ?? 'untouched';
}
