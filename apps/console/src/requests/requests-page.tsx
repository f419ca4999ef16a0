import type { VNode } from 'preact';
import { requestStates, type RequestState } from '@coldroom/domain';
import type { RequestSummary } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { StateBadge, When } from '../layout/parts';

interface Props extends Frame {
  readonly requests: readonly RequestSummary[];
  /** The only state that is shown, if the visitor chose one. */
  readonly state?: RequestState | undefined;
}

export function RequestsPage({ requests, state, ...frame }: Props): VNode {
  const waiting = requests.filter((request) => request.state === 'New').length;
  return (
    <Page {...frame} section="requests" title="Requests">
      <h1>{titleOf(waiting)}</h1>
      <StateFilter {...frame} state={state} />
      {requests.length === 0 ? (
        <NoRequests isFiltered={state !== undefined} />
      ) : (
        <Table {...frame} requests={requests} />
      )}
    </Page>
  );
}

function titleOf(waiting: number): string {
  if (waiting === 0) return 'No request waits for a decision';
  return waiting === 1 ? '1 request waits for a decision' : `${waiting} requests wait for a decision`;
}

function StateFilter({ site, state }: Pick<Props, 'site' | 'state'>): VNode {
  return (
    <form class="row" method="get" action={site.href('/requests')}>
      <label for="state">Show</label>
      <select id="state" name="state">
        <option value="">all states</option>
        {requestStates.map((each) => (
          <option value={each} selected={each === state}>
            {each}
          </option>
        ))}
      </select>
      <button type="submit">Apply</button>
    </form>
  );
}

function NoRequests({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  return (
    <section class="card">
      <p>
        {isFiltered
          ? 'No request is in this state.'
          : 'There are no requests yet. A researcher marks images in OMERO; the next scan makes a request of them, which then appears here.'}
      </p>
    </section>
  );
}

function Table({ site, requests }: Pick<Props, 'site' | 'requests'>): VNode {
  return (
    <section class="card scroll">
      <table>
        <thead>
          <tr>
            <th>Request</th>
            <th>State</th>
            <th>Group</th>
            <th class="n">Images</th>
            <th class="n">Files</th>
            <th class="n">Size</th>
            <th>Asked</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={String(request.id)}>
              <td>
                <a href={site.href(`/requests/${request.id}`)}>
                  {String(request.id)} {request.requester}
                </a>
              </td>
              <td>
                <StateBadge state={request.state} />
              </td>
              <td class="name">{request.group}</td>
              <td class="n">{formatCount(request.images)}</td>
              <td class="n">{formatCount(request.files)}</td>
              <td class="n">{formatBytes(request.bytes)}</td>
              <td>
                <When at={request.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
