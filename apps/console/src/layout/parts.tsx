import type { ComponentChildren, VNode } from 'preact';
import type { RequestState } from '@coldroom/domain';
import { counted } from '@coldroom/terminal';
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

/** By the name of one of its images. */
export function FilesetName(props: {
  readonly fileset: string;
  readonly name: string;
  readonly images: number;
}): VNode {
  const { fileset, name, images } = props;
  return (
    <>
      <span class="name">{name}</span>{' '}
      <span class="muted">
        {images > 1 && `and ${counted(images - 1, 'more image')}, `}
        <span class="nobreak">{fileset}</span>
      </span>
    </>
  );
}
