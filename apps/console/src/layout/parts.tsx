import type { ComponentChildren, VNode } from 'preact';
import type { RequestState } from '@coldroom/domain';
import { ago, dayOf, exactTime } from './times';

/** A state as a word, a shape and a colour, in this order of importance. */
export const stateWords: Readonly<Record<RequestState, string>> = {
  New: 'Waiting for a decision',
  Approved: 'Approved',
  Running: 'Being archived',
  Error: 'Needs attention',
  Finished: 'Finished',
  Declined: 'Declined',
};
const stateLooks: Readonly<Record<RequestState, readonly [shape: string, colour: string]>> = {
  New: ['◆', 'info'],
  Approved: ['●', 'info'],
  Running: ['▶', 'info'],
  Error: ['▲', 'warn'],
  Finished: ['✓', 'good'],
  Declined: ['■', 'muted'],
};

export function StateBadge({ state }: { readonly state: RequestState }): VNode {
  const [shape, colour] = stateLooks[state];
  return (
    <Badge shape={shape} colour={colour}>
      {stateWords[state]}
    </Badge>
  );
}

interface BadgeProps {
  readonly shape: string;
  readonly colour: string;
  readonly children: ComponentChildren;
}

export function Badge({ shape, colour, children }: BadgeProps): VNode {
  return (
    <span class={`badge ${colour}`}>
      <span aria-hidden="true">{shape}</span> {children}
    </span>
  );
}

/** How long ago, with the exact time on hover. */
export function When({ at, now = new Date() }: { readonly at: Date; readonly now?: Date }): VNode {
  return (
    <time dateTime={at.toISOString()} title={exactTime(at)}>
      {ago(at, now)}
    </time>
  );
}

/** A day, with the exact time on hover. */
export function Day({ at }: { readonly at: Date }): VNode {
  return (
    <time dateTime={at.toISOString()} title={exactTime(at)}>
      {dayOf(at)}
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
