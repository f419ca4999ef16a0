import type { VNode } from 'preact';
import type { RetrievalReview } from '@coldroom/operations';
import { nextStep } from '@coldroom/operations';
import { counted, formatBytes } from '@coldroom/terminal';
import { Csrf, Page, type Frame } from '../layout/html';
import { Day, Fact, When } from '../layout/parts';
import { Steps } from '../layout/steps';
import { Part, type Live } from '../live/live';
import { FilesetsTable } from './filesets-table';
import { retrievalSteps } from './progress';
import { lasting, RetrievalBadge } from './retrieval-state';

interface Props extends Frame {
  readonly review: RetrievalReview;
  readonly live: Live;
}

export function RetrievalPage({ review, live, ...frame }: Props): VNode {
  const { retrieval, filesets } = review;
  const title = `${counted(retrieval.images, 'image')} ${lasting(retrieval)}`;
  const steps = retrievalSteps(review.amounts);
  return (
    <Page {...frame} section="retrievals" title={title} live={live}>
      <div class="heading" data-part="heading">
        <p class="small muted">
          <a href={frame.site.href('/ask-back')}>Bring back</a> / {String(retrieval.id)}
        </p>
        <div class="title">
          <h1>{title}</h1>
          <RetrievalBadge state={retrieval.state} />
        </div>
        <p class="lead">{meanings[retrieval.state]}</p>
      </div>
      <div class="cols">
        <div class="stack">
          <Part name="progress">
            {steps.length > 0 && <Steps steps={steps} />}
            <Stuck review={review} />
          </Part>
          <FilesetsTable title="What belongs to it" filesets={filesets} />
        </div>
        <div class="stack">
          <Part name="facts">
            <Facts {...frame} review={review} />
          </Part>
          <Part name="cancel">
            <Cancel {...frame} review={review} />
          </Part>
        </div>
      </div>
    </Page>
  );
}

const meanings: Readonly<Record<RetrievalReview['retrieval']['state'], string>> = {
  'under way': 'It is being brought back. You can close this page: the work goes on without it.',
  blocked: 'Some files cannot go on: an administrator has to look.',
  done: 'All of it was brought back.',
  ended: 'Nothing belongs to it now: it was cancelled, or requested again later.',
};

function Stuck({ review: { amounts, retrieval, permitted } }: { readonly review: RetrievalReview }): VNode | null {
  const stuck = amounts.filter(({ state }) => state === 'stuck');
  if (stuck.length === 0) return null;
  return (
    <section class="card">
      <h2>What cannot go on</h2>
      <ul class="causes">
        {stuck.map(({ code, files }) => (
          <li>
            <p>
              {counted(files, 'file')} <span class="code">{code}</span>
            </p>
            <p class="small">
              <strong>What to do:</strong> {nextStep(code ?? '')}
            </p>
            {permitted.includes('retry') && (
              <pre class="path">
                coldroom files list --state stuck --code {code} --request {String(retrieval.requestId)}
              </pre>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ site, review: { retrieval, amounts } }: Pick<Props, 'site' | 'review'>): VNode {
  const until = amounts
    .flatMap(({ onlineUntil }) => (onlineUntil === null ? [] : [onlineUntil]))
    .sort((a, b) => +b - +a);
  return (
    <section class="card" aria-label="Facts">
      <dl class="facts">
        <Fact name="Requested by" value={retrieval.askedBy} />
        <Fact name="Requested" value={<When at={retrieval.askedAt} />} />
        <Fact
          name="Request"
          value={<a href={site.href(`/requests/${retrieval.requestId}`)}>{String(retrieval.requestId)}</a>}
        />
        <Fact name="Files" value={String(retrieval.files)} />
        <Fact name="Size" value={formatBytes(retrieval.bytes)} />
        {until[0] && <Fact name="Available until" value={<Day at={until[0]} />} />}
      </dl>
    </section>
  );
}

const cancellable: readonly string[] = ['retrieving', 'online', 'fetched', 'fetchVerified', 'stuck'];

/** Originals that are still kept are put back in a moment: that cannot be cancelled. */
function Cancel({ site, visitor, review: { retrieval, amounts, permitted } }: Omit<Props, 'live'>): VNode | null {
  if (!visitor || !permitted.includes('cancelRetrieval')) return null;
  if (!amounts.some(({ state }) => cancellable.includes(state))) return null;
  return (
    <section class="card">
      <details>
        <summary class="button wide">Cancel…</summary>
        <form method="post" action={site.href(`/retrievals/${retrieval.id}/cancel`)}>
          <Csrf visitor={visitor} />
          <p class="small muted">What is not there yet stays archived. What is back already stays back.</p>
          <button class="danger" type="submit">
            Cancel the retrieval
          </button>
        </form>
      </details>
    </section>
  );
}
