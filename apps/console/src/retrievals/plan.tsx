import type { VNode } from 'preact';
import type { RetrievalFor } from '@coldroom/operations';
import { counted, formatBytes, formatCount, formatDuration } from '@coldroom/terminal';
import { Csrf, type Frame } from '../layout/html';
import { Badge } from '../layout/parts';
import { FilesetsTable } from './filesets-table';

interface Props extends Frame {
  readonly planned: RetrievalFor;
  /** As it was named. */
  readonly what: string;
}

/** What comes back, how much, and how long it may take; and the one button that requests it. */
export function Plan({ planned, what, ...frame }: Props): VNode {
  const { plan, needs, filesets, missing, incomplete } = planned;
  const files = needs.files + plan.held.files;
  const canProlong = planned.order.way === 'recall' && plan.underWay.files > 0;
  return (
    <>
      <section class="card">
        <h2>{files === 0 ? 'There is nothing to bring back' : `${counted(plan.images, 'image')} would come back`}</h2>
        <ul class="plain stack-small">
          {linesOf(planned).map((line) => (
            <li>{line}</li>
          ))}
        </ul>
        {!hasRoom(planned) && (
          <p class="alert" role="alert">
            There is not enough room: {formatBytes(needs.bytes)} are needed, {formatBytes(planned.freeBytes ?? 0n)} are
            free. Name fewer images at a time.
          </p>
        )}
        {(files > 0 || canProlong) && hasRoom(planned) && <Confirm {...frame} planned={planned} what={what} />}
      </section>
      <FilesetsTable title="What comes along" filesets={filesets} />
      {missing.length + incomplete.length > 0 && <Missing missing={missing} incomplete={incomplete} />}
    </>
  );
}

const hasRoom = ({ order, freeBytes, needs }: RetrievalFor): boolean =>
  order.way !== 'restore' || freeBytes === undefined || freeBytes >= needs.bytes;

function linesOf({ order, plan, needs, freeBytes, estimates, waits }: RetrievalFor): readonly string[] {
  const { fetch, held, filesets, underWay, notArchived } = plan;
  const files = needs.files + held.files;
  return [
    files > 0 &&
      `${counted(filesets, 'fileset')}, ${counted(files, 'file')}, ${formatBytes(needs.bytes + held.bytes)}: a fileset comes back as a whole.`,
    ...fetch.map((row) => `${counted(row.files, 'file')} (${formatBytes(row.bytes)}) from store ${row.store}.`),
    held.files > 0 &&
      `${counted(held.files, 'original')} (${formatBytes(held.bytes)}) ${held.files === 1 ? 'is' : 'are'} still kept, and put back at once.`,
    ...estimates.map(({ store, seconds }) =>
      seconds === null
        ? `How long store ${store} takes is not known: nothing has been fetched from it yet.`
        : `Store ${store} takes ${about(seconds)}, as fast as it was last.`,
    ),
    ...waits.map((wait) =>
      wait.kind === 'tape'
        ? `Store ${wait.store} may have to read copies from tape first.`
        : `Store ${wait.store} needs ${wait.duration} before anything can be fetched (${wait.storageClass}, ${wait.tier}).`,
    ),
    order.way === 'restore' &&
      freeBytes !== undefined &&
      needs.files > 0 &&
      freeBytes >= needs.bytes &&
      `There is enough room: ${formatBytes(freeBytes)} are free.`,
    order.way === 'restore' &&
      freeBytes === undefined &&
      needs.files > 0 &&
      'The services check that there is enough room before they put anything in place.',
    underWay.files > 0 &&
      `${counted(underWay.files, 'file')} ${order.way === 'recall' ? 'can be opened or are on their way' : 'are on their way'} already.`,
    notArchived.files > 0 &&
      `${counted(notArchived.filesets, 'fileset')} with ${formatCount(notArchived.files)} files cannot come back: not all of its files are in the archive.`,
  ].filter((line): line is string => line !== false);
}

function about(seconds: number): string {
  if (seconds < 60) return 'less than a minute';
  const step = seconds < 3600 ? 60 : 300;
  return `about ${formatDuration(Math.ceil(seconds / step) * step * 1000)}`;
}

function Confirm({ site, visitor, planned, what }: Props): VNode {
  const { order, needs, plan } = planned;
  const bytes = formatBytes(needs.bytes + plan.held.bytes);
  return (
    <form method="post" action={site.href('/ask-back')}>
      {visitor && <Csrf visitor={visitor} />}
      <input type="hidden" name="what" value={what} />
      <input type="hidden" name="way" value={order.way} />
      {planned.seen !== null && <input type="hidden" name="seen" value={planned.seen} />}
      {order.way === 'recall' && <input type="hidden" name="days" value={order.days} />}
      <button class="primary" type="submit">
        {order.way === 'restore' ? `Bring ${bytes} back` : `Make ${bytes} available for ${counted(order.days, 'day')}`}
      </button>
      <p class="small muted">
        {order.way === 'restore'
          ? 'The copies stay in the archive. The images are in OMERO as they were before.'
          : 'The images stay archived. They can be opened in OMERO until the days are over; asking again prolongs them.'}
      </p>
    </form>
  );
}

const someNames = 50;

function Missing({ missing, incomplete }: Pick<RetrievalFor, 'missing' | 'incomplete'>): VNode {
  const more = missing.length - someNames;
  return (
    <section class="card">
      <h2>
        <Badge shape="■" colour="muted">
          Not in the archive, or not yours to see
        </Badge>
      </h2>
      {missing.length > 0 && <p class="path">{missing.slice(0, someNames).join(', ')}</p>}
      {more > 0 && <p class="small muted">and {formatCount(more)} more</p>}
      {incomplete.length > 0 && (
        <ul class="plain">
          {incomplete.map((each) => (
            <li>
              <span class="name">{each.container}</span>: {formatCount(each.missing)} of {counted(each.images, 'image')}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
