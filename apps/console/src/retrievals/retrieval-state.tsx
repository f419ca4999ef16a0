import type { VNode } from 'preact';
import type { RetrievalSummary } from '@coldroom/register';
import { counted } from '@coldroom/terminal';
import { Badge } from '../layout/parts';

const looks: Readonly<Record<RetrievalSummary['state'], readonly [words: string, shape: string, colour: string]>> = {
  'under way': ['Under way', '▶', 'info'],
  blocked: ['Needs attention', '▲', 'warn'],
  done: ['Done', '✓', 'good'],
  ended: ['Ended', '■', 'muted'],
};

export function RetrievalBadge({ state }: Pick<RetrievalSummary, 'state'>): VNode {
  const [words, shape, colour] = looks[state];
  return (
    <Badge shape={shape} colour={colour}>
      {words}
    </Badge>
  );
}

/** `to stay`, or `for 14 days` */
export const lasting = ({ way, days }: Pick<RetrievalSummary, 'way' | 'days'>): string =>
  way === 'restore' ? 'to stay' : `for ${counted(days ?? 0, 'day')}`;
