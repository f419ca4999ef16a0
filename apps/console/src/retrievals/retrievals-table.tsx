import type { VNode } from 'preact';
import type { RetrievalSummary } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { When } from '../layout/parts';
import { lasting, RetrievalBadge } from './retrieval-state';

interface Props extends Pick<Frame, 'site'> {
  readonly retrievals: readonly RetrievalSummary[];
}

export function RetrievalsTable({ site, retrievals }: Props): VNode {
  return (
    <section class="card">
      <h2>Retrievals</h2>
      <table class="rows" role="table" aria-label="Retrievals">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader">What</th>
            <th role="columnheader">State</th>
            <th role="columnheader" class="n">
              Files
            </th>
            <th role="columnheader" class="n">
              Size
            </th>
            <th role="columnheader" class="n">
              Requested
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {retrievals.map((each) => (
            <tr role="row" key={String(each.id)}>
              <td role="cell">
                <a class="name" href={site.href(`/retrievals/${each.id}`)}>
                  {counted(each.images, 'image')} {lasting(each)}
                </a>{' '}
                <span class="muted name">
                  {each.askedBy}, request {String(each.requestId)}
                </span>
              </td>
              <td role="cell">
                <RetrievalBadge state={each.state} />
              </td>
              <td role="cell" class="n" data-name="Files">
                {formatCount(each.files)}
              </td>
              <td role="cell" class="n" data-name="Size">
                {formatBytes(each.bytes)}
              </td>
              <td role="cell" class="n" data-name="Requested">
                <When at={each.askedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
