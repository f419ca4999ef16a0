import type { VNode } from 'preact';
import type { Review, WithExamples } from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { Csrf, Page, type Frame } from '../layout/html';
import { Fact, StateBadge, When } from '../layout/parts';
import { sentenceOf } from './event-sentence';
import { approveForm, Filesets } from './filesets';

interface Props extends Frame {
  readonly review: Review;
  /** Why what the visitor just tried was refused. */
  readonly problem?: string | undefined;
}

export function RequestPage({ review, problem, ...frame }: Props): VNode {
  const { request } = review;
  const title = `${request.requester} asks to archive ${images(request.markedImages)}`;
  return (
    <Page {...frame} section="requests" title={title}>
      <div class="heading">
        <p class="small muted">
          <a href={frame.site.href('/requests')}>Requests</a> / {String(request.id)}
        </p>
        <h1 class="name">{title}</h1>
        <StateBadge state={request.state} />
        <Meaning review={review} />
      </div>
      {problem && (
        <section class="card problem" role="alert">
          <h2>Nothing was changed</h2>
          <p>{problem}</p>
        </section>
      )}
      <div class="cols">
        <div class="stack">
          <Facts review={review} />
          <Filesets review={review} />
          <Included review={review} />
          <NotTaken title="Not taken" found={review.skipped} />
          <NotTaken title="Stuck" found={review.stuck} />
          <History review={review} />
        </div>
        <Decision {...frame} review={review} />
      </div>
    </Page>
  );
}

const images = (count: number): string => (count === 1 ? '1 image' : `${formatCount(count)} images`);
const filesets = (count: number): string => (count === 1 ? '1 fileset' : `${formatCount(count)} filesets`);

function Meaning({ review: { request } }: { readonly review: Review }): VNode {
  const whole = (
    <strong>
      {images(request.images)} in {filesets(request.filesets)}
    </strong>
  );
  return (
    <p>
      {request.images > request.markedImages ? 'Some of these images share files with others. ' : ''}
      This request covers {whole}: {formatCount(request.files)} files, {formatBytes(request.bytes)}. Nothing is replaced
      before every copy has been read back and compared.
    </p>
  );
}

function Facts({ review: { request } }: { readonly review: Review }): VNode {
  return (
    <section class="card">
      <dl class="facts">
        <Fact name="Group" value={request.group} />
        <Fact name="Owner" value={request.owner} />
        <Fact name="Files" value={formatCount(request.files)} />
        <Fact name="In OMERO now" value={formatBytes(request.bytes)} />
        <Fact name="Asked" value={<When at={request.createdAt} />} />
        {request.decidedBy !== null && <Fact name="Decided by" value={request.decidedBy} />}
      </dl>
      {request.reason !== null && <p class="name">Reason: {request.reason}</p>}
    </section>
  );
}

function Included({ review: { request, included } }: { readonly review: Review }): VNode | null {
  const more = request.images - request.markedImages;
  if (more === 0) return null;
  return (
    <section class="card">
      <h2>What comes along</h2>
      <p>
        {images(request.markedImages)} marked, {formatCount(more)} included because they share files with them.
      </p>
      <ul class="plain">
        {included.map(({ imageId, name, fileset }) => (
          <li key={String(imageId)}>
            <span class="name">{name}</span>{' '}
            <span class="muted small">
              Image:{String(imageId)}, {fileset}
            </span>
          </li>
        ))}
      </ul>
      {more > included.length && <p class="small muted">and {formatCount(more - included.length)} more</p>}
    </section>
  );
}

function NotTaken({ title, found }: { readonly title: string; readonly found: readonly WithExamples[] }): VNode | null {
  if (found.length === 0) return null;
  return (
    <section class="card">
      <h2>{title}</h2>
      <table>
        <tbody>
          {found.map(({ code, files, bytes, examples }) => (
            <tr key={code}>
              <td>
                <span class="badge warn">
                  <span aria-hidden="true">▲</span> {formatCount(files)} {files === 1 ? 'file' : 'files'},{' '}
                  {formatBytes(bytes)}
                </span>
              </td>
              <td>
                {examples[0]?.reason ?? code} <span class="path muted">{examples[0]?.path}</span>{' '}
                <span class="small muted">{code}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function History({ review: { events } }: { readonly review: Review }): VNode {
  return (
    <section class="card">
      <h2>History</h2>
      <ol class="time">
        {events.map((event) => (
          <li>
            {sentenceOf(event)}{' '}
            <span class="muted">
              <When at={event.at} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Decision({ site, visitor, review }: Props): VNode | null {
  const { request, permitted } = review;
  if (!visitor || !permitted.some((action) => action === 'approve' || action === 'decline')) return null;
  return (
    <aside class="side card" aria-label="Decision">
      <h2>Your decision</h2>
      {permitted.includes('approve') && (
        <form id={approveForm} method="post" action={site.href(`/requests/${request.id}/approve`)}>
          <Csrf visitor={visitor} />
          <input type="hidden" name="revision" value={request.revision} />
          {review.filesets.length > 1 && <input type="hidden" name="choosing" value="true" />}
          <button class="primary" type="submit">
            {review.filesets.length > 1
              ? 'Approve the ticked filesets'
              : `Approve ${filesets(request.filesets)}, ${formatBytes(request.bytes)}`}
          </button>
        </form>
      )}
      {permitted.includes('decline') && (
        <form method="post" action={site.href(`/requests/${request.id}/decline`)}>
          <Csrf visitor={visitor} />
          <input type="hidden" name="revision" value={request.revision} />
          <label for="reason">Why it is declined</label>
          <textarea id="reason" name="reason" rows={3} maxLength={1000} required />
          <button type="submit">Decline</button>
        </form>
      )}
      <p class="small muted">
        After an approval, the originals are held beside their links for a while. Until then an administrator can put
        them back at once.
      </p>
    </aside>
  );
}
