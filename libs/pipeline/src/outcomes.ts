import { Refused, Transient, type ArchiveFile, type ColdroomError, type Outcome } from '@coldroom/domain';
import type { Transition } from '@coldroom/register';
import { stuck, type StageResult } from './stage';

/**
 * Turns one answer per file into transitions. A refused file becomes stuck; a file with a transient error or that is
 * not ready stays where it is. If no file advanced, that error is thrown, so that it counts as an attempt or as waiting
 * and is limited.
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
