import type { Note } from '@coldroom/register';

/** For how long data has to be kept, for people to read; undefined where the note does not say. */
export function expiryText({ expiry }: Pick<Note, 'expiry'>): string | undefined {
  if (expiry === '') return undefined;
  if (!/^\d+$/.test(expiry)) return expiry;
  const years = Number(expiry);
  if (years === 0) return 'no end';
  return years === 1 ? '1 year' : `${years} years`;
}
