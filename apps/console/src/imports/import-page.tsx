import type { VNode } from 'preact';
import type { ImportDetails } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { Csrf, Page, type Frame } from '../layout/html';
import { Fact, When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { Part, type Live } from '../live/live';
import { ImportBadge, meanings } from './import-state';
import { lastName } from './imports-page';

interface Props extends Frame {
  readonly details: ImportDetails;
  readonly live: Live;
}

export function ImportPage({ details, live, ...frame }: Props): VNode {
  const { order } = details;
  const title = lastName(order.display);
  return (
    <Page {...frame} section="imports" title={title} live={live}>
      <div class="heading" data-part="heading">
        <p class="small muted">
          <a href={frame.site.href('/imports')}>Imports</a> / {String(order.id)}
        </p>
        <div class="title">
          <h1 class="name">{title}</h1>
          <ImportBadge state={order.state} />
        </div>
        <p class="lead">
          {order.cancelBy !== null && order.state !== 'cancelled'
            ? `It is being cancelled, as ${order.cancelBy} wants. What OMERO has completed by then stays.`
            : meanings[order.state]}
        </p>
      </div>
      <div class="cols">
        <div class="stack">
          <Part name="why">
            <Why details={details} />
          </Part>
          <Part name="filesets">
            <Filesets details={details} />
          </Part>
          <Part name="log">
            <LastLines details={details} />
          </Part>
          <Part name="history">
            <History details={details} />
          </Part>
        </div>
        <div class="stack">
          <Part name="facts">
            <Facts details={details} />
          </Part>
          <Part name="actions">
            <Actions {...frame} details={details} />
          </Part>
        </div>
      </div>
    </Page>
  );
}

type Shown = Pick<Props, 'details'>;

function Why({ details: { order } }: Shown): VNode | null {
  if (order.code === null && order.note === null) return null;
  return (
    <section class="card">
      <h2>{order.state === 'stuck' ? 'What stops it' : order.code === null ? 'What it waits for' : 'Why'}</h2>
      {order.code !== null && (
        <p>
          <span class="name">{order.reason}</span> <span class="code">{order.code}</span>
        </p>
      )}
      {order.note !== null && <p class="name">{order.note}</p>}
    </section>
  );
}

const filesetColumns = [{ title: 'Fileset' }, { title: 'Files', number: true }, { title: 'Images', number: true }];

function Filesets({ details: { amounts, filesets } }: Shown): VNode | null {
  if (filesets.length === 0) return null;
  return (
    <section class="card">
      <h2>
        {formatCount(amounts.imported)} of {counted(amounts.filesets, 'fileset')} in OMERO,{' '}
        {counted(amounts.images, 'image')}
      </h2>
      {amounts.leftOut !== null && amounts.leftOut > 0 && (
        <p>
          {counted(amounts.leftOut, 'file')} that OMERO cannot import:{' '}
          <span class="name">
            {amounts.leftOutFirst.join(', ')}
            {amounts.leftOut > amounts.leftOutFirst.length && ', …'}
          </span>
        </p>
      )}
      <Rows
        label="Filesets"
        columns={filesetColumns}
        rows={filesets.map(({ number, reader, files, filesetId, images }) => ({
          key: String(number),
          cells: [
            filesetId === null ? (
              <span class="muted">not in OMERO yet, {readerName(reader)}</span>
            ) : (
              <>
                Fileset:{String(filesetId)} <span class="muted">{readerName(reader)}</span>
              </>
            ),
            formatCount(files),
            images === null ? '' : formatCount(images),
          ],
        }))}
      />
      {amounts.filesets > filesets.length && <p class="small muted">The first {filesets.length} are shown.</p>}
    </section>
  );
}

/** Without its package. */
const readerName = (reader: string): string => reader.slice(reader.lastIndexOf('.') + 1);

function History({ details: { events, attempts } }: Shown): VNode {
  return (
    <section class="card">
      <h2>What happened</h2>
      {attempts.length > 1 && (
        <p>{counted(attempts.length, 'attempt')}; OMERO was asked after each what it had made.</p>
      )}
      <Rows
        label="Events"
        columns={[{ title: 'What' }, { title: 'By' }, { title: 'When', number: true }]}
        rows={events.map(({ at, what, to, actor, code }, index) => ({
          key: String(index),
          cells: [
            <>
              {what}
              {to !== null && to !== what && <span class="muted"> {to}</span>}
              {code !== null && <span class="code"> {code}</span>}
            </>,
            <span class="name">{actor}</span>,
            <When at={at} />,
          ],
        }))}
      />
    </section>
  );
}

/** Of the last attempt that has ended. Open where something went wrong. */
function LastLines({ details: { order, attempts } }: Shown): VNode | null {
  const last = attempts.findLast(({ lastLines }) => lastLines !== null && lastLines !== '');
  if (!last) return null;
  return (
    <section class="card">
      <details open={order.state === 'stuck' || order.state === 'importing'}>
        <summary>What OMERO's importer said last{attempts.length > 1 && `, in attempt ${last.number}`}</summary>
        <pre class="log" tabIndex={0}>
          {last.lastLines}
        </pre>
      </details>
    </section>
  );
}

function Facts({ details: { order, amounts } }: Shown): VNode {
  const { options } = order;
  return (
    <section class="card" aria-label="Facts">
      <dl class="facts">
        <Fact name="For" value={order.person} />
        <Fact name="Group" value={order.group} />
        <Fact name="Into" value={<span class="name">{order.target}</span>} />
        <Fact name="Source" value={<span class="name">{order.display}</span>} />
        <Fact name="Transfer" value={order.transfer} />
        <Fact name="Ordered by" value={order.orderedBy} />
        <Fact name="Ordered" value={<When at={order.orderedAt} />} />
        {order.content !== null && <Fact name="Files" value={formatCount(order.files)} />}
        {order.content !== null && <Fact name="Size" value={formatBytes(order.bytes)} />}
        {options.name !== undefined && <Fact name="Name" value={<span class="name">{options.name}</span>} />}
        {options.annotations && (
          <Fact
            name="Annotate"
            value={<span class="name">{options.annotations.map((pair) => pair.join('=')).join(', ')}</span>}
          />
        )}
        {order.provenAt && <Fact name="Proven" value={<When at={order.provenAt} />} />}
        {amounts.removed > 0 && <Fact name="Removed from the buffer" value={counted(amounts.removed, 'file')} />}
      </dl>
    </section>
  );
}

function Actions({ site, visitor, details: { order, permitted } }: Omit<Props, 'live'>): VNode | null {
  if (!visitor || permitted.length === 0) return null;
  return (
    <section class="card">
      {permitted.includes('retryImport') && (
        <form method="post" action={site.href(`/imports/${order.id}/retry`)}>
          <Csrf visitor={visitor} />
          <button class="primary wide" type="submit">
            Try again
          </button>
          <p class="small muted">Remove the cause first. What OMERO has already is not imported twice.</p>
        </form>
      )}
      {permitted.includes('cancelImport') && (
        <details>
          <summary class="button wide">Cancel…</summary>
          <form method="post" action={site.href(`/imports/${order.id}/cancel`)}>
            <Csrf visitor={visitor} />
            <p class="small muted">The files in the buffer stay as they are.</p>
            <button class="danger" type="submit">
              Cancel the import
            </button>
          </form>
        </details>
      )}
    </section>
  );
}
