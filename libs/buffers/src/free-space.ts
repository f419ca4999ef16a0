import { z } from 'zod';

/** An amount of free space, or a part of the whole file system. */
export type FreeSpace = { readonly percent: number } | { readonly bytes: number };

const units: Readonly<Record<string, number>> = { GB: 1e9, TB: 1e12 };

const wanted = 'must be an amount of free space such as 10%, 500GB or 0';
/** YAML reads `0` as a number: no one is warned then. */
export const freeSpace = z
  .union([z.literal(0), z.string()], { error: wanted })
  .transform((value, context): FreeSpace => {
    if (value === 0 || value === '0') return { bytes: 0 };
    const [, percent, amount, unit = ''] = /^(?:(\d{1,2})%|(\d{1,6}) ?(GB|TB))$/.exec(value) ?? [];
    if (percent !== undefined) return { percent: Number(percent) };
    if (amount !== undefined) return { bytes: Number(amount) * units[unit]! };
    context.addIssue({ code: 'custom', message: wanted });
    return z.NEVER;
  });

export interface Space {
  readonly freeBytes: bigint;
  readonly totalBytes: bigint;
}

/** A file system at the limit is not reported again and again. */
const enoughAgain = 2n;

/** Undefined: between the limit and what counts as enough again. */
export function isShort({ freeBytes, totalBytes }: Space, limit: FreeSpace): boolean | undefined {
  const least = 'bytes' in limit ? BigInt(limit.bytes) : (totalBytes * BigInt(limit.percent)) / 100n;
  if (freeBytes < least) return true;
  return freeBytes >= least + (totalBytes * enoughAgain) / 100n || least === 0n ? false : undefined;
}
