import type { VNode } from 'preact';
import { formatAge } from '@coldroom/terminal';
import type { RequestState } from '@coldroom/domain';

/** A state as a word, a shape and a colour, in this order of importance. */
const badges: Readonly<Record<RequestState, readonly [word: string, shape: string, colour: string]>> = {
  New: ['Waiting for a decision', '◆', 'info'],
  Approved: ['Approved', '●', 'info'],
  Running: ['Being archived', '▶', 'info'],
  Error: ['Needs attention', '▲', 'warn'],
  Finished: ['Finished', '✓', 'good'],
  Declined: ['Declined', '■', 'muted'],
};

export function StateBadge({ state }: { readonly state: RequestState }): VNode {
  const [word, shape, colour] = badges[state];
  return (
    <span class={`badge ${colour}`}>
      <span aria-hidden="true">{shape}</span> {word}
    </span>
  );
}

/** How long ago, with the exact time on hover. */
export function When({ at, now = new Date() }: { readonly at: Date; readonly now?: Date }): VNode {
  return (
    <time dateTime={at.toISOString()} title={at.toISOString().replace('T', ' ').slice(0, 16) + ' UTC'}>
      {formatAge(at, now)}
    </time>
  );
}

export function Fact({ name, value }: { readonly name: string; readonly value: string | VNode }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
