import { parseIds, UsageError } from '@coldroom/operations';

/** Reads `New,Running` as names from a known list; UsageError for any other. */
export function parseNames<T extends string>(text: string, known: readonly T[], what: string): readonly T[] {
  return text.split(',').map((word) => {
    const found =
      known.find((name) => name === word) ?? known.find((name) => name.toLowerCase() === word.toLowerCase());
    if (found === undefined) throw new UsageError(`"${word}" is no ${what}; there are ${known.join(', ')}`);
    return found;
  });
}

/** Reads a whole number of at least 1. */
export function parseWhole(text: string, option: string): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) < 1)
    throw new UsageError(`${option} needs a whole number of at least 1, not "${text}"`);
  return Number(text);
}

/** Reads exactly one number of a request or file, such as `3` or `Request:3`. */
export function parseId(word: string, kind: 'Request' | 'File', where: string): bigint {
  return single(parseIds([word], kind), where);
}

export function single<T>([value, ...more]: readonly T[], where: string): T {
  if (value === undefined || more.length > 0) throw new UsageError(`${where} takes one only`);
  return value;
}

/** `5%` or `0.5%`, as a share. */
export function parseShare(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(text) ?? [];
  const share = Number(number) / 100;
  if (number === undefined || share <= 0 || share > 1)
    throw new UsageError(`--sample needs a share such as 5%, not "${text}"`);
  return share;
}

const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** `100MB/s` or `50 MiB/s`, in bytes a second. */
export function parseRate(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([kMG]?B|[KMG]iB)(?:\/s)?$/.exec(text) ?? [];
  const rate = Number(number) * (units[unit] ?? Number.NaN);
  if (!(rate >= 1)) throw new UsageError(`--rate needs bytes a second such as 100MB/s, not "${text}"`);
  return rate;
}
