import { z } from 'zod';

const units: Readonly<Record<string, bigint>> = {
  B: 1n,
  kB: 1000n,
  MB: 1000n ** 2n,
  GB: 1000n ** 3n,
  TB: 1000n ** 4n,
  PB: 1000n ** 5n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
  PiB: 1024n ** 5n,
};

/** Whole numbers with a unit, such as `500 GB`. */
export const bytes = z.string().transform((text, context) => {
  const [, number, unit = ''] = /^(\d{1,15}) ?([A-Za-z]+)$/.exec(text) ?? [];
  const factor = units[unit];
  if (number !== undefined && factor !== undefined) return BigInt(number) * factor;
  context.addIssue({ code: 'custom', message: 'must be an amount such as 500 GB or 2 TiB' });
  return z.NEVER;
});

const daysOf: Readonly<Record<string, number>> = { d: 1, w: 7, y: 365 };

/** Days, as `90d`, `12w` or `2y`. A year has 365 days. YAML reads `0` as a number. */
export const days = z.union([z.literal(0), z.string()]).transform((given, context) => {
  if (given === 0) return 0;
  const [, number, unit = ''] = /^(\d{1,5})([dwy])$/.exec(given) ?? [];
  if (number !== undefined) return Number(number) * (daysOf[unit] as number);
  context.addIssue({ code: 'custom', message: 'must be days, weeks or years such as 90d, 12w or 2y' });
  return z.NEVER;
});
