import type { VNode } from 'preact';
import type { Stay } from '@coldroom/operations';
import { Badge } from '../layout/parts';

/** Where a file is: a word, a shape and a colour, in this order of importance. */
const looks: Readonly<Record<Stay, readonly [words: string, shape: string, colour: string]>> = {
  waiting: ['Waiting for a decision', '◆', 'info'],
  copying: ['Being copied', '▶', 'info'],
  copied: ['Copied', '▶', 'info'],
  archived: ['In the archive', '✓', 'good'],
  returning: ['Being brought back', '▶', 'info'],
  online: ['Available for some days', '●', 'good'],
  back: ['Back in OMERO', '✓', 'muted'],
  stuck: ['Needs attention', '▲', 'warn'],
  untouched: ['Not archived', '■', 'muted'],
};

export const stayWords = (stay: Stay): string => looks[stay][0];

export function StayBadge({ stay }: { readonly stay: Stay }): VNode {
  const [words, shape, colour] = looks[stay];
  return (
    <Badge shape={shape} colour={colour}>
      {words}
    </Badge>
  );
}
