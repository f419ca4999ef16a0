import { fileStates, type FileState } from '@coldroom/domain';
import type { RequestSummary } from '@coldroom/register';
import { amount, type Amount } from '../selected-files';
import { may } from '../rights/rights';
import type { Reviewer } from './review';

/** Where files are, as whoever owns the images needs to know it. */
export const stays = [
  'waiting',
  'copying',
  'copied',
  'archived',
  'returning',
  'online',
  'back',
  'stuck',
  'untouched',
] as const;
export type Stay = (typeof stays)[number];

export interface OwnRequest {
  readonly request: RequestSummary;
  readonly files: readonly (Amount & { readonly stay: Stay })[];
}

export const stayOf: Readonly<Record<FileState, Stay>> = {
  registered: 'waiting',
  skipped: 'untouched',
  declined: 'untouched',
  approved: 'copying',
  hashed: 'copying',
  copied: 'copying',
  verified: 'copying',
  sealed: 'copied',
  linked: 'archived',
  released: 'archived',
  moving: 'archived',
  moveCopied: 'archived',
  moveVerified: 'archived',
  moveSealed: 'archived',
  undoing: 'returning',
  retrieving: 'returning',
  online: 'returning',
  fetched: 'returning',
  fetchVerified: 'returning',
  recalled: 'online',
  restored: 'back',
  undone: 'back',
  abandoned: 'untouched',
  stuck: 'stuck',
};

/** The states of files that are there. */
export function statesOf(stay: Stay): readonly FileState[] {
  return fileStates.filter((state) => stayOf[state] === stay);
}

/** The requests that the actor made or owns, newest first, with what became of their files. */
export async function ownRequests(reviewer: Reviewer, limit = 50): Promise<readonly OwnRequest[]> {
  const { actor, register, policy } = reviewer;
  if (!may(actor.roles, 'see', ['own'], policy)) return [];
  const visibleTo = { personId: actor.personId, groupIds: [] };
  const found: OwnRequest[] = [];
  for (const request of await register.requests.list({ visibleTo }, { limit })) {
    const counts = await register.reports.counts(request.id);
    const files = stays.map((stay) => ({ stay, ...amount(counts, ({ state }) => stayOf[state] === stay) }));
    found.push({ request, files: files.filter((row) => row.files > 0) });
  }
  return found;
}
