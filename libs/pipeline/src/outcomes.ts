import { Refused, Transient, type ArchiveFile, type ColdroomError, type Outcome } from '@coldroom/domain';
import type { Transition } from '@coldroom/register';
import { stuck, type StageResult } from './stage';

/**
 * Turns one answer a file into moves: a refused file is set aside, one whose trouble may pass, or that it is too early for, stays
 * where it is. Where nothing moved, that is thrown, so that it counts as an attempt or as waiting, and ends some day.
 */
export function toTransitions<T>(
  files: readonly ArchiveFile[],
  outcomes: readonly Outcome<T>[],
  judge: (file: ArchiveFile, answer: T) => Transition,
): StageResult {
  const transitions: Transition[] = [];
  const later: ColdroomError[] = [];
  files.forEach((file, index) => {
    const outcome = outcomes[index];
    if (!outcome) throw new Error(`no answer for file ${file.id}`);
    if ('ok' in outcome) transitions.push(judge(file, outcome.ok));
    else if (outcome.error.code === 'CLAIM_LOST') throw outcome.error;
    else if (outcome.error instanceof Refused) transitions.push(stuck(file, outcome.error));
    else later.push(outcome.error);
  });
  const why = later.find((error) => error instanceof Transient) ?? later[0];
  if (transitions.length === 0 && why) throw why;
  return { transitions };
}
