import type { VNode } from 'preact';
import type { RequestListing } from '@coldroom/operations';
import type { RequestOrder, RequestTotals } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { StateBadge, When } from '../layout/parts';
import { Rows } from '../layout/rows';

interface Props extends Pick<Frame, 'site'> {
  readonly title: string;
  readonly requests: readonly RequestListing[];
  /** Of a page, which of all they are; the newest if it is not given. */
  readonly order?: RequestOrder | undefined;
  /** Of all that this is a page of. */
  readonly totals?: RequestTotals;
  /** The address of the next page. */
  readonly next?: string | undefined;
  /** The address of the list of only this group or owner. */
  readonly narrow?: (to: { group: bigint } | { owner: bigint }) => string;
}

const columns = [
  { title: 'Request', class: 'wide-column' },
  { title: 'State', class: 'state-column' },
  { title: 'Files', number: true },
  { title: 'Size', number: true },
  { title: 'Asked', number: true },
];

export function RequestsTable({ site, title, requests, order = 'newest', totals, next, narrow }: Props): VNode {
  const rowOf = (request: RequestListing) => ({
    key: String(request.id),
    cells: [
      <>
        <a class="name" href={site.href(`/requests/${request.id}`)}>
          {request.policyTitle ?? request.requesterName}: {counted(request.markedImages, 'image')}
        </a>{' '}
        <span class="muted name">
          {narrow ? <a href={site.href(narrow({ group: request.groupId }))}>{request.group}</a> : request.group}, owner{' '}
          {narrow ? <a href={site.href(narrow({ owner: request.ownerId }))}>{request.owner}</a> : request.owner},
          request {String(request.id)}
        </span>
      </>,
      <StateBadge state={request.state} />,
      formatCount(request.files),
      formatBytes(request.bytes),
      <When at={request.createdAt} />,
    ],
  });
  return (
    <section class="card">
      <h2>{title}</h2>
      <Rows label={title} columns={columns} rows={requests.map(rowOf)} fixed />
      {totals && (
        <p class="small muted totals">
          {next !== undefined && `The ${formatCount(requests.length)} ${order} of `}
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
