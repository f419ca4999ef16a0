import { Refused, type Container } from '@coldroom/domain';
import type { FilesetContent, RetrievalOrder, RetrievalSummary, Target } from '@coldroom/register';
import { summed, untilNotBusy } from '../busy';
import type { Reviewer } from '../requests/review';
import type { Amount } from '../selected-files';
import { actionsOnRequests, may, relationsTo, visibleTo, type Action } from '../rights/rights';
import type { Surroundings } from '../surroundings';
import { fingerprintOf, imagesOfContainers, nameOfContainer } from './containers';
import { planKnown, refuseWithoutSpace, underWay, type PlannedRetrieval } from './plan';
import type { Retrieved } from './retrieve';
import { firstFilesets, retrievalDetails, type RetrievalDetails } from './show';
import { refuseUnless, withinReach, type IncompleteContainer } from './within-reach';

/** Someone waits for the answer. */
const busyLimitMs = 10_000;

/** A retrieval as the actor may request it. */
export interface RetrievalFor extends PlannedRetrieval {
  /** The first filesets that were meant, with everything that belongs to them. */
  readonly filesets: readonly FilesetContent[];
  /** What the archive does not have, or not for this actor. */
  readonly missing: readonly string[];
  /** Of the images in the containers that were named, for the request of just these; null if none was named. */
  readonly seen: string | null;
  readonly incomplete: readonly IncompleteContainer[];
}

/** How far a retrieval is, and what the actor may do about it. */
export interface RetrievalReview extends RetrievalDetails {
  readonly permitted: readonly Action[];
}

/** What someone names: objects that the register knows, and containers, which only OMERO knows. */
export interface Wanted {
  readonly targets: readonly Target[];
  readonly containers: readonly Container[];
  /** That of the plan: if the containers have changed since, nothing is requested. */
  readonly seen?: string | undefined;
}

/** The scanner is asked again for what is in a container after this time. */
const maxAgeMs = 60_000;

type Around = Pick<Surroundings, 'env'>;

/** Changes nothing. Throws as `withinReach` and `imagesOfContainers`, and `Refused` `NOT_RECALLABLE`. */
export async function planRetrievalAs(
  reviewer: Reviewer,
  around: Around,
  wanted: Wanted,
  order: RetrievalOrder,
): Promise<RetrievalFor> {
  const { targets, missing, incomplete, seen } = await reach(reviewer, wanted);
  const planned = await planKnown(around, reviewer.register, targets, order);
  return { ...planned, missing, incomplete, seen, filesets: await firstFilesets(reviewer.register, targets) };
}

async function reach(
  reviewer: Reviewer,
  { targets, containers, seen: before }: Wanted,
  action: 'retrieve' | 'cancelRetrieval' = 'retrieve',
) {
  const inside = await imagesOfContainers(reviewer, containers, maxAgeMs);
  const seen = fingerprintOf(inside);
  if (before !== undefined && before !== seen)
    throw new Refused(
      'CONTAINER_CHANGED',
      `What is in ${containers.map(nameOfContainer).join(' ')} has changed since it was shown. Nothing was done: look at it again`,
    );
  return { ...(await withinReach(reviewer, targets, inside, action)), seen };
}

/**
 * Requests a retrieval as the actor; what is under way already stays so. `Refused` as `planRetrievalAs`,
 * `CONTAINER_CHANGED` and `NOT_ENOUGH_SPACE`; `NotYet` `BAG_BUSY` if a worker holds one of the bags for longer.
 */
export async function retrieveAs(
  reviewer: Reviewer,
  around: Around,
  wanted: Wanted,
  order: RetrievalOrder,
): Promise<Retrieved & { readonly retrievals: readonly bigint[]; readonly missing: readonly string[] }> {
  const { register, actor } = reviewer;
  const { targets, missing } = await reach(reviewer, wanted);
  refuseWithoutSpace(await planKnown(around, register, targets, order));
  const results = [];
  for (const target of targets) results.push(await patiently(() => register.retrievals.ask(target, order, actor.name)));
  return {
    ...summed(results, { asked: 0, undoing: 0, prolonged: 0 }),
    retrievals: results.flatMap(({ retrievals }) => retrievals),
    missing,
  };
}

/** The retrievals of the requests that the actor may see, newest first. */
export async function retrievalsFor(
  { register, actor, policy }: Reviewer,
  page: { readonly before?: bigint | undefined; readonly limit: number },
): Promise<readonly RetrievalSummary[]> {
  return register.retrievalReports.list(visibleTo(actor, policy), page);
}

/** `Refused` `NO_SUCH_RETRIEVAL` also where the actor may not see it. */
export async function retrievalFor(reviewer: Reviewer, id: bigint): Promise<RetrievalReview> {
  const { register, actor, policy } = reviewer;
  const mayDo = (action: Action, retrieval: RetrievalSummary): boolean =>
    may(actor.roles, action, relationsTo(actor, retrieval), policy);
  const details = await retrievalDetails(register, id, (retrieval) => !mayDo('see', retrieval));
  return { ...details, permitted: actionsOnRequests.filter((action) => mayDo(action, details.retrieval)) };
}

/** Cancels what is not there yet; it stays archived. Returns how many files. `Refused` `NOT_PERMITTED`, or as `retrievalFor`. */
export async function cancelRetrievalAs(reviewer: Reviewer, id: bigint): Promise<number> {
  const { retrieval } = await retrievalFor(reviewer, id);
  refuseUnless(reviewer, 'cancelRetrieval', [retrieval]);
  const { register, actor } = reviewer;
  return patiently(() => register.retrievals.cancel({ kind: 'Retrieval', ids: [id] }, actor.name));
}

/** What cancelling these would keep archived; changes nothing. Throws as `withinReach` and `imagesOfContainers`. */
export async function planCancellationAs(
  reviewer: Reviewer,
  wanted: Wanted,
): Promise<{ readonly underWay: Amount; readonly missing: readonly string[]; readonly seen: string | null }> {
  const { targets, missing, seen } = await reach(reviewer, wanted, 'cancelRetrieval');
  return { underWay: await underWay(reviewer.register, targets), missing, seen };
}

/** Cancels the retrieval of these images, filesets or requests, whoever asked for it. Otherwise as `cancelRetrievalAs`. */
export async function cancelRetrievalsAs(
  reviewer: Reviewer,
  wanted: Wanted,
): Promise<{ readonly cancelled: number; readonly missing: readonly string[] }> {
  const { register, actor } = reviewer;
  const { targets, missing } = await reach(reviewer, wanted, 'cancelRetrieval');
  let cancelled = 0;
  for (const target of targets) cancelled += await patiently(() => register.retrievals.cancel(target, actor.name));
  return { cancelled, missing };
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  return untilNotBusy(() => undefined, work, busyLimitMs);
}
