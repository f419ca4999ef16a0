import type { VNode } from 'preact';
import type { AuditReview } from '@coldroom/operations';
import { formatBytes } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { Rows } from '../layout/rows';

interface Props extends Frame {
  readonly copies: AuditReview['badCopies'];
  readonly isMore: boolean;
}

const columns = [{ title: 'File' }, { title: 'What to do' }, { title: 'Size', number: true }];

export function BadCopies({ site, copies, isMore }: Props): VNode {
  return (
    <section class="card">
      <h2>Bad copies</h2>
      <p>
        These copies were not right when they were last read. While a copy is bad, its original is neither replaced nor
        released. Once the cause has been removed, read the copies again:
      </p>
      <pre class="path">coldroom verify File:{copies.map(({ file }) => String(file)).join(',')}</pre>
      <Rows
        label="Bad copies"
        columns={columns}
        rows={copies.map(({ file, path, store, bag, code, remedy, size }) => ({
          key: String(file),
          cells: [
            <>
              <a class="path" href={site.href(`/files/${file}`)}>
                {path}
              </a>{' '}
              <span class="muted">
                {store}, {bag} <span class="code">{code}</span>
              </span>
            </>,
            remedy,
            formatBytes(size),
          ],
        }))}
      />
      {isMore && <p class="muted">There are more: each audit lists them under COPY_BAD.</p>}
    </section>
  );
}
