import { Refused, Transient, type ArchiveFile, type ColdroomError, type Outcome } from '@coldroom/domain';
import type { FailedAttempt, Transition } from '@coldroom/register';
import { stuck, type StageResult } from './stage';

/** Failures of a store on one file. Those that concern every file end the whole batch instead. */
const ofStore: ReadonlySet<string> = new Set(['COPY_CUT_SHORT', 'COPY_IN_THE_WAY', 'STORE_FAILED', 'WRITE_FAILED']);

/**
 * Turns one answer per file into transitions. A refused file becomes stuck; a file with a transient error or that is
 * not ready stays where it is. If no file advanced, that error is thrown, so that it counts as an attempt or as waiting
 * and is limited. A file on which a store fails twice in the same way while others of the bag advance becomes stuck:
 * the bag does not wait until its attempts are used up.
 */
export function toTransitions<T>(
  files: readonly ArchiveFile[],
  outcomes: readonly Outcome<T>[],
  judge: (file: ArchiveFile, answer: T) => Transition,
): StageResult {
  const transitions: Transition[] = [];
  const later: { readonly file: ArchiveFile; readonly error: ColdroomError }[] = [];
  // If all that is left of a bag fails, it may well be the store, unless only one file is left.
  const isTheirs = files.length === 1 || outcomes.some((outcome) => outcome !== undefined && 'ok' in outcome);
  files.forEach((file, index) => {
    const outcome = outcomes[index];
    if (!outcome) throw new Error(`no answer for file ${file.id}`);
    if ('ok' in outcome) transitions.push(judge(file, outcome.ok));
    else if (outcome.error.code === 'CLAIM_LOST') throw outcome.error;
    else if (outcome.error instanceof Refused) transitions.push(stuck(file, outcome.error));
    else if (isTheirs && isStores(outcome.error) && file.failedWith === outcome.error.code)
      transitions.push(stuck(file, twice(outcome.error)));
    else later.push({ file, error: outcome.error });
  });
  const why = (later.find(({ error }) => error instanceof Transient) ?? later[0])?.error;
  if (transitions.length === 0 && why) throw why;
  const failed = transitions.every(({ to }) => to === 'stuck')
    ? []
    : later.filter(({ error }) => isStores(error)).map(({ file, error }) => attempt(file, error));
  return failed.length === 0 ? { transitions } : { transitions, failed };
}

function isStores(error: ColdroomError): boolean {
  return error instanceof Transient && ofStore.has(error.code);
}

function twice({ code, message }: ColdroomError): { readonly code: string; readonly message: string } {
  return { code, message: `${message} It failed twice in this way while the store took other files of the bag.` };
}

function attempt({ id }: ArchiveFile, { code, message }: ColdroomError): FailedAttempt {
  return { id, code, reason: message };
}
