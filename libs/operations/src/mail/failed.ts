import { Refused } from '@coldroom/domain';
import type { MailListing } from '@coldroom/register';
import { may } from '../rights/rights';
import type { Reviewer } from '../requests/review';

export interface FailedMails {
  /** The newest first. */
  readonly mails: readonly MailListing[];
  /** `before` of the next page; null on the last one. */
  readonly next: bigint | null;
  /** Mails that wait because the server did not take them. */
  readonly waiting: number;
}

/**
 * Mails that were refused for good, that have no usable address, or of which it is not known whether they were sent.
 * `Refused` `NOT_PERMITTED`.
 */
export async function failedMails(
  { actor, policy, register: { outbox } }: Reviewer,
  { before, limit = 50 }: { readonly before?: bigint; readonly limit?: number } = {},
): Promise<FailedMails> {
  if (!may(actor.roles, 'seeSystem', ['other'], policy))
    throw new Refused('NOT_PERMITTED', 'You may not see which mails failed. docs/rights.md says who may.');
  const found = await outbox.list(['refused', 'unsure'], limit + 1, before);
  const mails = found.slice(0, limit);
  const { waiting } = await outbox.counts(['waiting']);
  return { mails, next: found.length > limit ? (mails.at(-1)?.id ?? null) : null, waiting };
}
