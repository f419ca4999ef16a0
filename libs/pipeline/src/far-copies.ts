import {
  ColdroomError,
  copyPath,
  NotYet,
  Refused,
  type ArchiveFile,
  type Nearness,
  type Outcome,
  type Store,
  type Work,
} from '@coldroom/domain';

const askAgainMs = 60_000;

/** Whether a store did not give a copy because it has to be brought near first. */
export function isFar(outcome: Outcome<unknown>): boolean {
  return 'error' in outcome && outcome.error.code === 'COPY_NOT_NEAR';
}

/**
 * Asks a store for those copies of a sealed bag that it did not give because they are not near, or not any more. Their outcomes are
 * then `NotYet` `NOT_NEAR_YET`, or what went wrong with asking; of one that the store calls near all the same the outcome stands.
 */
export async function askForFar<T>(
  store: Store,
  bag: string,
  files: readonly ArchiveFile[],
  outcomes: readonly Outcome<T>[],
  work: Work,
): Promise<readonly Outcome<T>[]> {
  const far = files.filter((_, at) => isFar(outcomes[at] as Outcome<T>));
  if (far.length === 0) return outcomes;
  const answers = (await asked(store, bag, far, work)).values();
  return outcomes.map((outcome) => {
    if (!isFar(outcome)) return outcome;
    const answer = answers.next().value as Outcome<Nearness>;
    if ('error' in answer) return answer;
    return answer.ok.near
      ? outcome
      : {
          error: new NotYet('NOT_NEAR_YET', `store ${store.name} is bringing copies near (${answer.ok.state})`, {
            delayMs: askAgainMs,
          }),
        };
  });
}

/** A store that fails as a whole fails for these copies: what it did give is not fetched or read anew for that. */
async function asked(
  store: Store,
  bag: string,
  files: readonly ArchiveFile[],
  work: Work,
): Promise<readonly Outcome<Nearness>[]> {
  try {
    return await store.bringNear(bag, files.map(copyPath), work);
  } catch (error) {
    if (!(error instanceof ColdroomError) || error.code === 'CLAIM_LOST') throw error;
    return files.map(() => ({ error }));
  }
}

/** Nobody brings near what lies in an open bag: waiting for it would be in vain. */
export function refuseFar<T>(outcome: Outcome<T>): Outcome<T> {
  if (!('error' in outcome) || !isFar(outcome)) return outcome;
  return {
    error: new Refused(
      'COPY_NOT_NEAR',
      `${outcome.error.message} It lies in an open bag, from which nothing is brought near: have the store keep new copies where they can be read at once, then retry.`,
      outcome.error.details,
      { cause: outcome.error },
    ),
  };
}
