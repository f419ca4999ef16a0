const day = 86_400_000;
/** From the second day, month and year on: 47 hours say more than 1 day. */
const units = [
  ['year', 365 * day],
  ['month', 30 * day],
  ['day', day],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `2 days ago`; `just now` for what is less than a minute old, or where a clock is behind. */
export function ago(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  const [unit, size] = units.find(([, each]) => ms >= (each < day ? each : 2 * each)) ?? [];
  return unit === undefined ? 'just now' : relative.format(-Math.floor(ms / size), unit);
}

/** `4 December 2026` */
export const dayOf = (at: Date): string => date.format(at);

/** `2026-12-04 14:02 UTC` */
export const exactTime = (at: Date): string => `${at.toISOString().replace('T', ' ').slice(0, 16)} UTC`;
