import type { VNode } from 'preact';
import type { RequestState } from '@coldroom/domain';
import { stayOf, type Review } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { Page, type Frame } from '../layout/html';
import { Part, type Live } from '../live/live';
import type { PaceNow } from '../live/paces';
import { Fact, StateBadge, When } from '../layout/parts';
import { Decision } from './decision';
import { sentenceOf } from './event-sentence';
import { Included } from './included';
import { meaningOf } from './meaning';
import { NotTaken, Stuck } from './not-taken';
import { KeptImages, Notes } from './notes';
import { Progress } from './progress-card';
import { Thumbnails } from './thumbnails';

interface Props extends Frame {
  readonly review: Review;
  /** Why what the visitor just tried was refused. */
  readonly problem?: string | undefined;
  /** While it is being archived. */
  readonly pace?: PaceNow | undefined;
  readonly live: Live;
  readonly omeroWeb?: string | undefined;
}

export function RequestPage({ review, problem, pace, live, omeroWeb, ...frame }: Props): VNode {
  const { request, names } = review;
  const images = counted(request.markedImages, 'image');
  const [asks, proposes] = isOpen(request.state) ? ['asks', 'proposes'] : ['asked', 'proposed'];
  const title =
    request.policyTitle === null
      ? `${names.requester} ${asks} to archive ${images}`
      : `The policy “${request.policyTitle}” ${proposes} to archive ${images}`;
  const decision = Decision({ ...frame, review });
  return (
    <Page {...frame} section="requests" title={title} live={live}>
      <div class="heading" data-part="heading">
        <p class="small muted">
          <a href={frame.site.href('/requests')}>Requests</a> / {String(request.id)}
        </p>
        <div class="title">
          <h1 class="name">{title}</h1>
          <StateBadge state={request.state} />
        </div>
        {meaningOf(review).map((sentence) => (
          <p class="lead">{sentence}</p>
        ))}
        {isAway(review) && (
          <p>
            <a class="button" href={frame.site.href(`/ask-back?what=Request:${request.id}`)}>
              Bring back…
            </a>
          </p>
        )}
      </div>
      {problem && (
        <section class="card problem" role="alert">
          <h2>Nothing was changed</h2>
          <p>{problem}</p>
        </section>
      )}
      <div class="cols">
        <div class="stack">
          <Part name="progress">
            <Progress review={review} pace={pace} />
            <Stuck review={review} />
          </Part>
          <Part name="facts">
            <KeptImages review={review} />
            <Facts review={review} />
            <Notes review={review} />
          </Part>
          <Part name="included">
            <Included review={review} />
            <Thumbnails images={review.images} omeroWeb={omeroWeb} />
            <NotTaken review={review} />
          </Part>
          <Part name="history-below">{decision && <History review={review} />}</Part>
        </div>
        <Part name="aside">
          {decision ?? (
            <aside aria-label="History">
              <History review={review} />
            </aside>
          )}
        </Part>
      </div>
    </Page>
  );
}

/** The visitor may bring some of it back. */
const isAway = ({ permitted, states }: Review): boolean =>
  permitted.includes('retrieve') && states.some(({ state }) => ['archived', 'online'].includes(stayOf[state]));

const isOpen = (state: RequestState): boolean => state !== 'Finished' && state !== 'Declined';

function Facts({ review: { request, names } }: { readonly review: Review }): VNode {
  const isNew = request.state === 'New';
  return (
    <section class="card" aria-label="Facts">
      <dl class="facts">
        <Fact name="Group" value={request.group} />
        <Fact name="Owner" value={names.owner} />
        <Fact name="Files" value={formatCount(request.files)} />
        <Fact name={isNew ? 'In OMERO now' : 'Size'} value={formatBytes(request.bytes)} />
        {isNew && <Fact name="In OMERO after" value="links only" />}
        {request.store !== null && <Fact name="Store" value={request.store} />}
        <Fact name={request.policyTitle === null ? 'Asked' : 'Proposed'} value={<When at={request.createdAt} />} />
        {isNew && request.objectionsUntil !== null && (
          <Fact name="Objections until" value={<When at={request.objectionsUntil} />} />
        )}
        {request.decidedBy !== null && <Fact name="Decided by" value={request.decidedBy} />}
      </dl>
    </section>
  );
}

function History({ review: { history } }: { readonly review: Review }): VNode {
  return (
    <section class="card">
      <h2>History</h2>
      <ol class="time">
        {history.map((event) => (
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
