import type { ClaimedMail } from '@coldroom/register';

const minute = 60_000;
const hour = 60 * minute;
/** Pauses after the first attempts that failed; then the last one. */
const pausesMs = [minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour];
/** A server that says "later" about one mail for this long never accepts it. */
const longestMs = 5 * 24 * hour;

export function mailPauseMs(attempt: number): number {
  return pausesMs[Math.min(attempt, pausesMs.length) - 1] as number;
}

/** While no mail can be sent at all, none is given up. */
export function maySendAgain({ createdAt }: Pick<ClaimedMail, 'createdAt'>, code: string, now = new Date()): boolean {
  return code !== 'MAIL_DEFERRED' || now.getTime() - createdAt.getTime() < longestMs;
}
