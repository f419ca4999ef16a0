import type { RequestState } from '@coldroom/domain';
import { requestsFor, totalsFor, type RequestListing, type Reviewer } from '@coldroom/operations';
import type { RequestTotals } from '@coldroom/register';
import { stateWords } from '../layout/parts';
import type { Search } from './search';

/** A part of the list: one page of requests, and what all of them are together. */
export interface Section {
  readonly title: string;
  /** The only state in it, if it has but one. */
  readonly state: RequestState | undefined;
  readonly rows: readonly RequestListing[];
  readonly totals: RequestTotals;
  /** The last of this page, if there is a next one. */
  readonly last: RequestListing | undefined;
}

const pageSize = 50;
/** What is over is looked for with a filter. */
const fewSize = 10;

/** First what waits, then what is under way or stuck, then the rest. */
const groups = [
  { title: 'Waiting for a decision', states: ['New'], size: pageSize },
  { title: 'In progress', states: ['Error', 'Running', 'Approved'], size: pageSize },
  { title: 'Finished', states: ['Finished'], size: fewSize },
  { title: 'Declined', states: ['Declined'], size: fewSize },
] as const satisfies readonly { title: string; states: readonly RequestState[]; size: number }[];

interface Group {
  readonly title: string;
  readonly states: readonly RequestState[] | undefined;
  readonly size: number;
}

/** One section in which one can page if a state or a page is asked for, else several short ones. */
export async function sectionsFor(reviewer: Reviewer, search: Search): Promise<readonly Section[]> {
  const { state, after } = search;
  const wanted: readonly Group[] =
    state !== undefined
      ? [{ title: stateWords[state], states: [state], size: pageSize }]
      : after !== undefined
        ? [{ title: 'All states', states: undefined, size: pageSize }]
        : groups;
  const found: Section[] = [];
  for (const group of wanted) found.push(await sectionOf(reviewer, search, group));
  return found.filter(({ totals }) => totals.requests > 0);
}

async function sectionOf(reviewer: Reviewer, search: Search, { title, states, size }: Group): Promise<Section> {
  const { group: groupId, owner: ownerId, store, text, sort: order, after, bytes: afterBytes } = search;
  const filter = { states, groupId, ownerId, store, text };
  const rows = await requestsFor(reviewer, filter, { order, after, afterBytes, limit: size + 1 });
  const shown = rows.slice(0, size);
  return {
    title,
    state: states?.length === 1 ? states[0] : undefined,
    rows: shown,
    totals: await totalsFor(reviewer, filter),
    last: rows.length > size ? shown.at(-1) : undefined,
  };
}
