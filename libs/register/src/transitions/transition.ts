import type { CopyRead, Digests, FileEvent, FileState, Identity, ProvenCopy } from '@coldroom/domain';

/** What happened to one file. Facts that are left out stay as they are. */
export interface Transition {
  readonly id: bigint;
  readonly event: FileEvent;
  readonly from: FileState;
  readonly to: FileState;
  readonly digests?: Digests;
  readonly identity?: Identity;
  readonly copyVersion?: string;
  readonly copyDigest?: string;
  readonly copyRead?: CopyRead;
  readonly fetched?: Identity;
  readonly elsewhere?: ProvenCopy;
  readonly code?: string;
  readonly reason?: string;
}

export interface TransitionOptions {
  /** The stage that moved them: its failures count towards its limit. */
  readonly stage: string;
  readonly errorLimit: number;
  /** The bag is offered again no sooner than this, in milliseconds from now. */
  readonly delayMs?: number;
  /** How long the stage worked on the bag. It goes into the events: how fast a store gives back is told from it. */
  readonly tookMs?: number;
  readonly sealed?: boolean;
  /** The bag is in the store that it moved to: all its links lead there, but for those of files that are set aside now. */
  readonly switched?: boolean;
}
