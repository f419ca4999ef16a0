import type { Register } from '@coldroom/register';

export interface RetriedMails {
  readonly retried: readonly bigint[];
  /** Mails that were sent, are being sent, have no address, or do not exist. */
  readonly unchanged: readonly bigint[];
}

/** Has mails sent again that were refused, or of which it is not known whether they were sent. */
export async function retryMails({ outbox }: Register, ids: readonly bigint[]): Promise<RetriedMails> {
  const retried = await outbox.retry(ids);
  return { retried, unchanged: ids.filter((id) => !retried.includes(id)) };
}
