import type { VNode } from 'preact';
import type { RetrievalSummary } from '@coldroom/register';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { lasting, RetrievalBadge } from './retrieval-state';

interface Props extends Pick<Frame, 'site'> {
  readonly retrievals: readonly RetrievalSummary[];
}

const columns = [
  { title: 'What' },
  { title: 'State' },
  { title: 'Files', number: true },
  { title: 'Size', number: true },
  { title: 'Requested', number: true },
];

export function RetrievalsTable({ site, retrievals }: Props): VNode {
  return (
    <section class="card">
      <h2>Retrievals</h2>
      <Rows
        label="Retrievals"
        columns={columns}
        rows={retrievals.map((each) => ({
          key: String(each.id),
          cells: [
            <>
              <a class="name" href={site.href(`/retrievals/${each.id}`)}>
                {counted(each.images, 'image')} {lasting(each)}
              </a>{' '}
              <span class="muted name">
                {each.askedBy}, request {String(each.requestId)}
              </span>
            </>,
            <RetrievalBadge state={each.state} />,
            formatCount(each.files),
            formatBytes(each.bytes),
            <When at={each.askedAt} />,
          ],
        }))}
      />
    </section>
  );
}
