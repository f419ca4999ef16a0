import type { VNode } from 'preact';
import { requestStates, type RequestState } from '@coldroom/domain';
import type { RequestListing } from '@coldroom/operations';
import { Page, type Frame } from '../layout/html';
import { stateWords } from '../layout/parts';
import { RequestsTable } from './requests-table';

interface Props extends Frame {
  readonly requests: readonly RequestListing[];
  /** The only state that is shown, if the visitor chose one. */
  readonly state?: RequestState | undefined;
}

/** First what waits, then what runs or is stuck, then the rest. */
const sections: readonly { readonly title: string; readonly states: readonly RequestState[] }[] = [
  { title: 'Waiting for a decision', states: ['New'] },
  { title: 'In progress', states: ['Error', 'Running', 'Approved'] },
  { title: 'Done', states: ['Finished', 'Declined'] },
];

export function RequestsPage({ requests, state, ...frame }: Props): VNode {
  const shown = sections
    .map(({ title, states }) => ({ title, rows: requests.filter((each) => states.includes(each.state)) }))
    .filter(({ rows }) => rows.length > 0);
  return (
    <Page {...frame} section="requests" title="Requests">
      <div class="heading">
        <h1>{titleOf(requests, state)}</h1>
        <States {...frame} state={state} />
      </div>
      {shown.length === 0 && <NoRequests isFiltered={state !== undefined} />}
      {shown.map(({ title, rows }) => (
        <RequestsTable {...frame} title={title} requests={rows} />
      ))}
    </Page>
  );
}

function titleOf(requests: readonly RequestListing[], state: RequestState | undefined): string {
  if (state !== undefined && state !== 'New') return stateWords[state];
  const waiting = requests.filter((request) => request.state === 'New').length;
  if (waiting === 0) return 'No request waits for a decision';
  return waiting === 1 ? '1 request waits for a decision' : `${waiting} requests wait for a decision`;
}

function States({ site, state }: Pick<Props, 'site' | 'state'>): VNode {
  const link = (each: RequestState | undefined): VNode => (
    <a
      href={site.href(each === undefined ? '/requests' : `/requests?state=${each}`)}
      aria-current={each === state ? 'true' : undefined}
    >
      {each === undefined ? 'All' : stateWords[each]}
    </a>
  );
  return (
    <nav class="states" aria-label="Requests by state">
      {link(undefined)}
      {requestStates.map(link)}
    </nav>
  );
}

function NoRequests({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  return (
    <section class="card empty">
      <h2>{isFiltered ? 'No request is in this state' : 'There are no requests yet'}</h2>
      <p>
        {isFiltered
          ? 'Choose another state above, or all of them.'
          : 'A researcher marks images in OMERO with the script Archive Images. The next scan makes a request of them, which then appears here.'}
      </p>
    </section>
  );
}
