import { Transient, type ArchiveFile, type ColdroomError, type Outcome } from '@coldroom/domain';
import type { Move } from '@coldroom/register';
import { stuck, type StageResult } from './stage';

/**
 * Turns one answer a file into moves: a refused file is set aside, one whose trouble may pass stays where it is. Where
 * nothing moved, that trouble is thrown, so that it counts as an attempt and ends some day.
 */
export function settle<T>(files: readonly ArchiveFile[], outcomes: readonly Outcome<T>[], judge: (file: ArchiveFile, answer: T) => Move): StageResult {
  const moves: Move[] = [];
  let trouble: ColdroomError | undefined;
  files.forEach((file, index) => {
    const outcome = outcomes[index];
    if (!outcome) throw new Error(`no answer for file ${file.id}`);
    if ('ok' in outcome) moves.push(judge(file, outcome.ok));
    else if (outcome.error.code === 'CLAIM_LOST') throw outcome.error;
    else if (outcome.error instanceof Transient) trouble ??= outcome.error;
    else moves.push(stuck(file, outcome.error));
  });
  if (moves.length === 0 && trouble) throw trouble;
  return { moves };
}
