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
import type { Claim } from '@coldroom/register';

const askAgainMs = 60_000;

/** Whether a store did not deliver a copy because it must first be brought online. */
export function isOffline(outcome: Outcome<unknown>): boolean {
  return 'error' in outcome && outcome.error.code === 'COPY_OFFLINE';
}

/**
 * Asks a store to bring online those copies of a sealed bag that it did not deliver because they are offline. Their
 * outcomes become `NotYet` `NOT_ONLINE_YET`, or the error of the request. The outcome of a copy that the store now
 * reports as online is kept.
 */
export async function requestOnline<T>(
  store: Store,
  { bag, files }: Pick<Claim, 'bag' | 'files'>,
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

/** If the request fails as a whole, only these copies fail: what the store did deliver is not fetched or read again. */
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

/** A copy in an open bag is never brought online: waiting for it would be useless. */
export function refuseOffline<T>(outcome: Outcome<T>): Outcome<T> {
  if (!('error' in outcome) || !isOffline(outcome)) return outcome;
  return {
    error: new Refused(
      'COPY_OFFLINE',
      `${outcome.error.message} It is in an open bag, from which nothing can be brought online: have the store keep new copies where they can be read at once, then retry.`,
      outcome.error.details,
      { cause: outcome.error },
    ),
  };
}
