import type { FileState } from '@coldroom/domain';
import type { FoundPart } from '@coldroom/register';
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

/** The images someone chose in OMERO. */
export interface Opened {
  readonly images: readonly OpenedImage[];
  /** Not in the archive, or not for this actor. */
  readonly missing: readonly bigint[];
}

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

/** Where exactly these images are, as far as the actor may see them. */
export async function openedImages(reviewer: Reviewer, imageIds: readonly bigint[]): Promise<Opened> {
  const { register, actor, policy } = reviewer;
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
  return { images, missing: imageIds.filter((id) => !byImage.has(id)) };
}

const keyOf = ({ requestId, fileset }: { requestId: bigint; fileset: string }): string => `${requestId} ${fileset}`;

function stayAmong(rows: readonly { readonly state: FileState }[]): Stay {
  const present = rows.map(({ state }) => stayOf[state]);
  return firstOf.find((stay) => present.includes(stay)) ?? 'untouched';
}
