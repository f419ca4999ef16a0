import type { VNode } from 'preact';
import type { Review } from '@coldroom/operations';
import { Steps } from '../layout/steps';
import type { PaceNow } from '../live/paces';
import { stepsOf } from './progress';

interface Props {
  readonly review: Review;
  readonly pace?: PaceNow | undefined;
}

/** How far a decided request is. */
export function Progress({ review: { request, states }, pace }: Props): VNode | null {
  const steps = stepsOf(states);
  if (request.state === 'New' || request.state === 'Declined' || steps.length === 0) return null;
  return <Steps steps={steps}>{pace && <p class="small">{pace.words}</p>}</Steps>;
}
