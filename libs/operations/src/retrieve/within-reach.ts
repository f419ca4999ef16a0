import { Refused } from '@coldroom/domain';
import type { FilesetTarget, FoundPart, Target, Whose } from '@coldroom/register';
import { notFound } from '../failure';
import type { Reviewer } from '../requests/review';
import type { ContainerImages } from './containers';
import { may, relationsTo, visibleTo, type Action } from '../rights/rights';

/** What was named, as far as the actor may see it. */
export interface WithinReach {
  /** Each fileset once, and only of requests on which the actor may do this. */
  readonly targets: readonly FilesetTarget[];
  /** Names of what the archive does not have, or not for this actor: both look alike. */
  readonly missing: readonly string[];
  /** Containers of which some images, but not all, are there for this actor. */
  readonly incomplete: readonly IncompleteContainer[];
}

export interface IncompleteContainer {
  readonly container: string;
  readonly images: number;
  /** Images that the archive does not have, or not for this actor. */
  readonly missing: number;
}

/**
 * Limits what was named to the requests that the actor may see. `Refused` `NO_SUCH_TARGET` if nothing of it is there for
 * the actor, `NOT_PERMITTED` if something may be seen but not acted on.
 */
export async function withinReach(
  reviewer: Reviewer,
  named: readonly Target[],
  containers: readonly ContainerImages[],
  action: Action,
): Promise<WithinReach> {
  const { register, actor, policy } = reviewer;
  const visible = visibleTo(actor, policy);
  const [requestIds, imageIds] = [idsOf(named, 'Request'), idsOf(named, 'Image')];
  const filesets = named.flatMap((target) => (target.kind === 'Fileset' ? target.names : []));
  const requests = await register.retrievalReports.requests(requestIds, visible);
  const inside = containers.flatMap((container) => container.imageIds);
  const parts = await register.retrievalReports.find({ imageIds: [...imageIds, ...inside], filesets }, visible);
  const missing = [
    ...requestIds.filter((id) => !requests.some((each) => each.requestId === id)).map((id) => `Request:${id}`),
    ...missingAmong(imageIds, filesets, parts),
    ...emptyAmong(containers, parts),
  ];
  if (requests.length + parts.length === 0)
    throw notFound(`${missing.join(' ')} in the archive`, 'NO_SUCH_TARGET', 'check the numbers');
  refuseUnless(reviewer, action, [...requests, ...parts]);
  return { targets: targetsOf(requests, parts), missing, incomplete: incompleteAmong(containers, parts) };
}

function idsOf(named: readonly Target[], kind: 'Request' | 'Image'): readonly bigint[] {
  return named.flatMap((target) => (target.kind === kind ? target.ids : []));
}

function missingAmong(
  imageIds: readonly bigint[],
  filesets: readonly string[],
  parts: readonly FoundPart[],
): readonly string[] {
  const images = new Set(parts.map(({ imageId }) => imageId));
  const known = new Set(parts.filter(({ imageId }) => imageId === null).map(({ fileset }) => fileset));
  return [
    ...imageIds.filter((id) => !images.has(id)).map((id) => `Image:${id}`),
    ...filesets.filter((name) => !known.has(name)),
  ];
}

/** Of a container, only some images need to be in the archive. */
function emptyAmong(containers: readonly ContainerImages[], parts: readonly FoundPart[]): readonly string[] {
  const images = new Set(parts.map(({ imageId }) => imageId));
  return containers.filter(({ imageIds }) => !imageIds.some((id) => images.has(id))).map(({ container }) => container);
}

function incompleteAmong(
  containers: readonly ContainerImages[],
  parts: readonly FoundPart[],
): readonly IncompleteContainer[] {
  const found = new Set(parts.map(({ imageId }) => imageId));
  return containers
    .map(({ container, imageIds }) => ({
      container,
      images: imageIds.length,
      missing: imageIds.filter((id) => !found.has(id)).length,
    }))
    .filter(({ images, missing }) => missing > 0 && missing < images);
}

function targetsOf(
  requests: readonly { readonly requestId: bigint }[],
  found: readonly FoundPart[],
): readonly FilesetTarget[] {
  const ids = requests.map(({ requestId }) => requestId);
  const parts = new Map(
    found
      .filter(({ requestId }) => !ids.includes(requestId))
      .map(({ requestId, fileset }) => [`${requestId} ${fileset}`, { requestId, fileset }]),
  );
  return [
    ...(ids.length > 0 ? [{ kind: 'Request' as const, ids }] : []),
    ...(parts.size > 0 ? [{ kind: 'Part' as const, parts: [...parts.values()] }] : []),
  ];
}

/** `Refused` `NOT_PERMITTED` unless the actor may do this on each of them. */
export function refuseUnless({ actor, policy }: Reviewer, action: Action, of: readonly Whose[]): void {
  if (of.every((each) => may(actor.roles, action, relationsTo(actor, each), policy))) return;
  const what = { retrieve: 'bring this back into OMERO', cancelRetrieval: 'cancel this retrieval' }[action as string];
  throw new Refused('NOT_PERMITTED', `You may not ${what ?? `${action} this`}. docs/rights.md says who may.`);
}
