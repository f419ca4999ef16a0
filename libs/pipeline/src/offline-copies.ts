import {
  ColdroomError,
  copyPath,
  NotYet,
  Refused,
  type ArchiveFile,
  type Availability,
  type Outcome,
  type Store,
  type Work,
} from '@coldroom/domain';

const askAgainMs = 60_000;

/** Whether a store did not give a copy because it has to be brought online first. */
export function isOffline(outcome: Outcome<unknown>): boolean {
  return 'error' in outcome && outcome.error.code === 'COPY_OFFLINE';
}

/**
 * Asks a store for those copies of a sealed bag that it did not give because they are offline, or not any more. Their outcomes are
 * then `NotYet` `NOT_ONLINE_YET`, or what went wrong with asking; of one that the store calls near all the same the outcome stands.
 */
export async function requestOnline<T>(
  store: Store,
  bag: string,
  files: readonly ArchiveFile[],
  outcomes: readonly Outcome<T>[],
  work: Work,
): Promise<readonly Outcome<T>[]> {
  const offline = files.filter((_, at) => isOffline(outcomes[at] as Outcome<T>));
  if (offline.length === 0) return outcomes;
  const answers = (await asked(store, bag, offline, work)).values();
  return outcomes.map((outcome) => {
    if (!isOffline(outcome)) return outcome;
    const answer = answers.next().value as Outcome<Availability>;
    if ('error' in answer) return answer;
    return answer.ok.online
      ? outcome
      : {
          error: new NotYet('NOT_ONLINE_YET', `store ${store.name} is bringing copies online (${answer.ok.state})`, {
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
): Promise<readonly Outcome<Availability>[]> {
  try {
    return await store.bringOnline(bag, files.map(copyPath), work);
  } catch (error) {
    if (!(error instanceof ColdroomError) || error.code === 'CLAIM_LOST') throw error;
    return files.map(() => ({ error }));
  }
}

/** Nobody brings online what lies in an open bag: waiting for it would be in vain. */
export function refuseOffline<T>(outcome: Outcome<T>): Outcome<T> {
  if (!('error' in outcome) || !isOffline(outcome)) return outcome;
  return {
    error: new Refused(
      'COPY_OFFLINE',
      `${outcome.error.message} It lies in an open bag, from which nothing is brought online: have the store keep new copies where they can be read at once, then retry.`,
      outcome.error.details,
      { cause: outcome.error },
    ),
  };
}
