import type { VNode } from 'preact';
import type { AuditReview } from '@coldroom/operations';
import { Page, type Frame } from '../layout/html';
import { When } from '../layout/parts';
import { BadCopies } from './bad-copies';
import { Coverage } from './coverage';
import { Findings } from './findings';
import { Runs } from './runs';

interface Props extends Frame {
  readonly review: AuditReview;
}

export function AuditPage({ review, ...frame }: Props): VNode {
  const { runs, lastWhole, findings, coverage, badCopies, isMoreBad } = review;
  return (
    <Page {...frame} section="audit" title="Audit">
      <div class="heading">
        <h1>{headline(review)}</h1>
        {lastWhole?.finishedAt && (
          <p>
            The last audit of everything ended <When at={lastWhole.finishedAt} />.
          </p>
        )}
      </div>
      {badCopies.length > 0 && <BadCopies {...frame} copies={badCopies} isMore={isMoreBad} />}
      {findings.length > 0 && <Findings findings={findings} />}
      <Coverage coverage={coverage} />
      <Runs runs={runs} />
    </Page>
  );
}

function headline({ badCopies, isMoreBad, findings, lastWhole }: AuditReview): string {
  const bad = badCopies.length;
  if (bad > 0)
    return isMoreBad ? `More than ${bad} copies are bad` : bad === 1 ? '1 copy is bad' : `${bad} copies are bad`;
  if (findings.length > 0) return 'The audit has findings';
  if (lastWhole === null) return 'No audit of everything has been completed';
  return lastWhole.notLooked.length > 0
    ? 'The last audit could not examine everything'
    : 'The last audit found nothing wrong';
}
