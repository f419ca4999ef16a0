import type { VNode } from 'preact';
import type { RequestListing } from '@coldroom/operations';
import type { RequestTotals } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { StateBadge, When } from '../layout/parts';

interface Props extends Pick<Frame, 'site'> {
  readonly title: string;
  readonly requests: readonly RequestListing[];
  /** Of all that this is a page of. */
  readonly totals?: RequestTotals;
  /** The address of the next page. */
  readonly next?: string | undefined;
  /** The address of the list of only this group or owner. */
  readonly narrow?: (to: { group: bigint } | { owner: bigint }) => string;
}

/** Roles are named, as some browsers forget those of a table that is laid out for a phone. */
export function RequestsTable({ site, title, requests, totals, next, narrow }: Props): VNode {
  return (
    <section class="card">
      <h2>{title}</h2>
      <table class="rows fixed" role="table" aria-label={title}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" class="wide-column">
              Request
            </th>
            <th role="columnheader" class="state-column">
              State
            </th>
            <th role="columnheader" class="n">
              Files
            </th>
            <th role="columnheader" class="n">
              Size
            </th>
            <th role="columnheader" class="n">
              Asked
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {requests.map((request) => (
            <tr role="row" key={String(request.id)}>
              <td role="cell">
                <a class="name" href={site.href(`/requests/${request.id}`)}>
                  {request.requesterName}: {counted(request.markedImages, 'image')}
                </a>{' '}
                <span class="muted name">
                  {narrow ? <a href={site.href(narrow({ group: request.groupId }))}>{request.group}</a> : request.group}
                  , owner{' '}
                  {narrow ? <a href={site.href(narrow({ owner: request.ownerId }))}>{request.owner}</a> : request.owner}
                  , request {String(request.id)}
                </span>
              </td>
              <td role="cell">
                <StateBadge state={request.state} />
              </td>
              <td role="cell" class="n" data-name="Files">
                {formatCount(request.files)}
              </td>
              <td role="cell" class="n" data-name="Size">
                {formatBytes(request.bytes)}
              </td>
              <td role="cell" class="n" data-name="Asked">
                <When at={request.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {totals && (
        <p class="small muted totals">
          {next !== undefined && `The ${formatCount(requests.length)} newest of `}
          {counted(totals.requests, 'request')}: {counted(totals.images, 'image')}, {counted(totals.files, 'file')},{' '}
          {formatBytes(totals.bytes)}
        </p>
      )}
      {next !== undefined && (
        <p>
          <a class="button" href={site.href(next)}>
            Show more
          </a>
        </p>
      )}
    </section>
  );
}
