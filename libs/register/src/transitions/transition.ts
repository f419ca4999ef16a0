import type { CopyRead, Digests, FileEvent, FileState, Identity, ProvenCopy } from '@coldroom/domain';

/** What happened to one file. Omitted facts stay as they are. */
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

/** A file that stays in its state because its attempt failed, while others of its bag advanced. */
export interface FailedAttempt {
  readonly id: bigint;
  readonly code: string;
  readonly reason: string;
}

export interface TransitionOptions {
  /** The stage that made the transitions: its failures count towards its limit. */
  readonly stage: string;
  readonly errorLimit: number;
  /** The bag is not offered again before this many milliseconds from now. */
  readonly delayMs?: number;
  /** How long the stage worked on the bag. It is stored in the events: the speed of a store is computed from it. */
  readonly tookMs?: number;
  readonly sealed?: boolean;
  readonly failed?: readonly FailedAttempt[];
  /**
   * The bag is in the store that it moved to: all its links lead there, except those of files that are set aside now.
   */
  readonly switched?: boolean;
}
