import type { ArchiveFile, ColdroomError, FileEvent, FileState, NotYet, Work, WorkState } from '@coldroom/domain';
import type { Claim, Transition } from '@coldroom/register';

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
   * Throws `Transient` `CLAIM_LOST` where the lease may have run out, and the reason of the abort where there is one.
   * To be called right before each step that cannot be taken back.
   */
  check(): void;
}

export interface StageResult {
  /** Where files went; files of the claim that are not named stay where they are. */
  readonly transitions: readonly Transition[];
  /** Why the rest has to wait, and how long (`details.delayMs`). */
  readonly wait?: NotYet;
  /** The bag is not offered again before this many milliseconds. */
  readonly delayMs?: number;
  readonly sealed?: boolean;
  readonly switched?: boolean;
}

/**
 * One kind of work on a bag. A stage says which state it takes and returns what happened. It never touches Redis, never
 * writes a state itself, never retries; it may be run again after a crash at any line.
 */
export interface Stage {
  readonly name: StageName;
  readonly takes: WorkState;
  /** It only gives back what was taken: it goes on while everything else is stopped. */
  readonly runsWhileStopped?: true;
  run(claim: Claim, work: StageWork): Promise<StageResult>;
}

/** A file that went on. */
export function transition(
  file: ArchiveFile,
  event: FileEvent,
  to: FileState,
  facts: Partial<Transition> = {},
): Transition {
  return { ...facts, id: file.id, event, from: file.state, to };
}

/** A file that is set aside until a person acts; the rest of its bag goes on. */
export function stuck(file: ArchiveFile, why: Pick<ColdroomError, 'code' | 'message'>): Transition {
  return { id: file.id, event: 'fail', from: file.state, to: 'stuck', code: why.code, reason: why.message };
}
