import { UsageError } from '@coldroom/operations';

/** For commands that ask before they change something. */
export const yesOption = ['--yes', 'do not ask before something changes'] as const;

/** For commands whose actions the register records with a person's name. */
export const byOption = [
  '--by <name>',
  'the person to record in the register (default: the user of the system)',
] as const;

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
export function parseWhole(text: string, option: string): bigint {
  if (!/^\d{1,18}$/.test(text) || BigInt(text) < 1n)
    throw new UsageError(`${option} needs a whole number of at least 1, not "${text}"`);
  return BigInt(text);
}
