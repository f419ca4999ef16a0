import type { ComponentChildren, VNode } from 'preact';
import type { Site } from '../site';
import type { PaceNow } from './paces';

/** A page that reads itself again when something has happened. */
export interface Live {
  /** Of one request; undefined watches all. */
  readonly requestId?: bigint | undefined;
  /** That of what the page shows. */
  readonly version: bigint;
  /** Work is under way, of which not every step is an event. */
  readonly moving: boolean;
  /** What the visitor may decide about: a decision is about what was reviewed, so this never changes under their eyes. */
  readonly revision?: number | undefined;
}

export function liveAttributes(
  site: Site,
  { requestId, version, moving, revision }: Live,
): Readonly<Record<string, string>> {
  return {
    'data-live': site.href(requestId === undefined ? '/live' : `/live?request=${requestId}`),
    'data-version': version.toString(),
    // Seconds. Times such as "2 minutes ago" grow old even where nothing happens.
    'data-every': moving ? '10' : '120',
    ...(revision === undefined ? {} : { 'data-revision': revision.toString() }),
  };
}

/** A part of a page that is replaced when it changes; it is there even while it is empty. */
export function Part({ name, children }: { readonly name: string; readonly children?: ComponentChildren }): VNode {
  return (
    <div class="part" data-part={name}>
      {children}
    </div>
  );
}

/** Shown by the script when it cannot keep the page up to date, or must not. */
export function Stale(): VNode {
  return (
    <>
      <p id="stale" class="alert" role="status" hidden>
        <span aria-hidden="true">▲</span> This page is no longer kept up to date. <a href="">Reload it</a>.
      </p>
      <p id="changed" class="alert" role="status" hidden>
        <span aria-hidden="true">▲</span> The request has changed since you opened this page. <a href="">Reload it</a>,
        and review it again before you decide.
      </p>
    </>
  );
}

export function PaceBar({ pace }: { readonly pace: PaceNow }): VNode {
  return (
    <p class="pace">
      <progress max={1} value={pace.share} aria-label="Work done" />
      <span>{pace.words}</span>
    </p>
  );
}
