import type { ArchiveFile, ColdroomError, FileEvent, FileState, NotYet, Work, WorkState } from '@coldroom/domain';
import type { Claim, FailedAttempt, Transition } from '@coldroom/register';

export const stageNames = [
  'hash',
  'copy',
  'verify',
  'seal',
  'link',
  'undo',
  'release',
  'bring-online',
  'fetch',
  'verify-fetched',
  'place',
  'expire',
  'move-copy',
  'move-verify',
  'move-seal',
  'move-link',
] as const;
export type StageName = (typeof stageNames)[number];

export interface StageWork extends Work {
  /**
   * Throws `Transient` `CLAIM_LOST` if the lease may have run out, or the reason of the abort if there is one. Must be
   * called immediately before each step that cannot be reversed.
   */
  check(): void;
}

export interface StageResult {
  /** The transitions of files; files of the claim that are not named stay where they are. */
  readonly transitions: readonly Transition[];
  /** Why the rest must wait, and for how long (`details.delayMs`). */
  readonly wait?: NotYet;
  /** The bag is not offered again until this many milliseconds have passed. */
  readonly delayMs?: number;
  readonly sealed?: boolean;
  /** Files that stay because a store failed on them: failing again in the same way, they are set aside. */
  readonly failed?: readonly FailedAttempt[];
  readonly switched?: boolean;
}

/**
 * One kind of work on a bag. A stage names the state it takes and returns what happened. It never touches Redis, never
 * writes a state itself and never retries. It may be run again after a crash at any line.
 */
export interface Stage {
  readonly name: StageName;
  readonly takes: WorkState;
  /** It only gives back what was taken: it runs while everything else is stopped. */
  readonly runsWhileStopped?: true;
  run(claim: Claim, work: StageWork): Promise<StageResult>;
}

/** A file that advances. */
export function transition(
  file: ArchiveFile,
  event: FileEvent,
  to: FileState,
  facts: Partial<Transition> = {},
): Transition {
  return { ...facts, id: file.id, event, from: file.state, to };
}

/** A file that is set aside until a person acts; the rest of its bag continues. */
export function stuck(file: ArchiveFile, why: Pick<ColdroomError, 'code' | 'message'>): Transition {
  return { id: file.id, event: 'fail', from: file.state, to: 'stuck', code: why.code, reason: why.message };
}
