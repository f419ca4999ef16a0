import { Refused } from '@coldroom/domain';
import type {
  EventListing,
  FilesetListing,
  Happening,
  Held,
  ImageListing,
  Register,
  RequestFilter,
  RequestPage,
  RequestSummary,
  RequestTotals,
  Taken,
} from '@coldroom/register';
import { noSuchRequest } from '../failure';
import {
  actionsOnRequests,
  may,
  relationsTo,
  visibleTo,
  type Action,
  type Actor,
  type RightsPolicy,
} from '../rights/rights';
import { requestDetails, type RequestDetails } from './show';
import { refuseUnableStore, refuseUnreportedStore, storesOf, type StoreChoice } from './stores';

/** A request as someone may see it, and what they may do about it now. */
export interface Review extends RequestDetails {
  readonly permitted: readonly Action[];
  /** What is archived in the end, without the images of which no file is taken. */
  readonly taken: Taken;
  /** Those that are taken: all of them, or the first 200. */
  readonly filesets: readonly FilesetListing[];
  /** The first of them. */
  readonly images: readonly ImageListing[];
  readonly history: readonly Happening[];
  readonly held: Held;
  /** For who may approve it now. */
  readonly stores: readonly StoreChoice[];
  /** Full names; the login name of who is no longer in OMERO. */
  readonly names: { readonly requester: string; readonly owner: string };
}

export interface DecisionOrder {
  readonly request: bigint;
  readonly decision: 'approve' | 'decline' | 'withdraw';
  /** That of the request as it was reviewed. */
  readonly revision: number;
  /** Only these whole filesets; the rest becomes a New request of its own. Without it, all. */
  readonly filesets?: readonly string[] | undefined;
  readonly reason?: string | null;
  readonly store?: string | null;
}

/** Decides what one actor may see and do of requests. */
export interface Reviewer {
  readonly register: Register;
  readonly actor: Actor;
  readonly policy: RightsPolicy;
}

/** More are not chosen from one by one. */
const mostFilesets = 200;
const historyLimit = 50;
const imageLimit = 12;
const decidable: readonly Action[] = ['approve', 'decline', 'withdraw'];

export interface RequestListing extends RequestSummary {
  /** The full name, or the login name of who is no longer in OMERO. */
  readonly requesterName: string;
}

/** The requests that the actor may see; without a limit, all of them. */
export async function requestsFor(
  { register, actor, policy }: Reviewer,
  filter: Omit<RequestFilter, 'visibleTo'> = {},
  page: RequestPage = {},
): Promise<readonly RequestListing[]> {
  const seen = await register.requests.list({ ...filter, visibleTo: visibleTo(actor, policy) }, page);
  const names = await register.people.names(seen.map(({ requesterId }) => requesterId));
  return seen.map((request) => ({ ...request, requesterName: names.get(request.requesterId) ?? request.requester }));
}

/** What `requestsFor` would list, added up. */
export async function totalsFor(
  { register, actor, policy }: Reviewer,
  filter: Omit<RequestFilter, 'visibleTo'>,
): Promise<RequestTotals> {
  return register.requests.totals({ ...filter, visibleTo: visibleTo(actor, policy) });
}

/** `Refused` `NO_SUCH_REQUEST` also where the actor may not see it: what is hidden looks like what is not there. */
export async function visibleRequest(reviewer: Reviewer, id: bigint): Promise<RequestSummary> {
  const request = await reviewer.register.requests.get(id);
  if (!request || !permits(reviewer, 'see', request)) throw noSuchRequest(id);
  return request;
}

/** Events of a request with its bags and files, newest first. `Refused` `NO_SUCH_REQUEST` as `visibleRequest`. */
export async function eventsFor(
  reviewer: Reviewer,
  id: bigint,
  page: { readonly before?: bigint | undefined; readonly limit: number },
): Promise<readonly EventListing[]> {
  await visibleRequest(reviewer, id);
  return reviewer.register.reports.events({ requestId: id, before: page.before }, page.limit);
}

/** `Refused` `NO_SUCH_REQUEST` as `visibleRequest`. */
export async function reviewRequest(reviewer: Reviewer, id: bigint): Promise<Review> {
  const details = await requestDetails(reviewer.register, id);
  const { request } = details;
  if (!permits(reviewer, 'see', request)) throw noSuchRequest(id);
  const permitted = actionsOnRequests.filter(
    (action) => permits(reviewer, action, request) && (request.state === 'New' || !decidable.includes(action)),
  );
  const stores = permitted.includes('approve') ? await storesOf(reviewer.register, request) : [];
  return { ...details, permitted, stores, ...(await meaningOf(reviewer.register, request)) };
}

async function meaningOf(
  { meaning, people, reports }: Register,
  { id, requesterId, requester, ownerId, owner }: RequestSummary,
): Promise<Omit<Review, keyof RequestDetails | 'permitted' | 'stores'>> {
  const names = await people.names([requesterId, ownerId]);
  return {
    taken: await meaning.taken(id),
    filesets: await meaning.filesets(id, mostFilesets),
    images: await reports.images(id, {}, imageLimit),
    history: await meaning.history(id, historyLimit),
    held: await meaning.held(id),
    names: { requester: names.get(requesterId) ?? requester, owner: names.get(ownerId) ?? owner },
  };
}

/**
 * Approves, declines or withdraws a request as the actor. `Refused`: `NO_SUCH_REQUEST`, `NOT_PERMITTED`, `REASON_MISSING`,
 * `STORE_UNKNOWN`, a code of `refuseUnableStore`, `REQUEST_DECIDED`, `NO_SUCH_FILESET`, or `REQUEST_CHANGED` since that
 * revision.
 */
export async function decideAs(reviewer: Reviewer, order: DecisionOrder): Promise<void> {
  const { register, actor } = reviewer;
  const { request: id, decision, revision, filesets, reason = null, store = null } = order;
  const request = await visibleRequest(reviewer, id);
  if (!permits(reviewer, decision, request)) throw notPermitted(reviewer, decision, request);
  if (decision === 'approve') {
    if (store !== null) await refuseUnreportedStore(register, store);
    await refuseUnableStore(register, request, store);
    await register.requests.approve(id, actor.name, store, { revision, filesets });
  } else if (decision === 'withdraw') await register.requests.withdraw(id, actor.name, { revision });
  else {
    if (!reason?.trim()) throw new Refused('REASON_MISSING', 'Say why it is declined: the requester will read it.');
    await register.requests.decline(id, actor.name, reason.trim(), { revision, filesets });
  }
}

function permits({ actor, policy }: Reviewer, action: Action, request: RequestSummary): boolean {
  return may(actor.roles, action, relationsTo(actor, request), policy);
}

function notPermitted({ actor, policy }: Reviewer, action: Action, request: RequestSummary): Refused {
  const fourEyes = action === 'approve' && policy.fourEyes && relationsTo(actor, request).includes('own');
  return new Refused(
    'NOT_PERMITTED',
    fourEyes
      ? `Request ${request.id} is your own. Here someone else has to approve it.`
      : `You may not ${action} request ${request.id}. docs/rights.md says who may.`,
  );
}
