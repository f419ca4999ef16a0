import type { Dump } from './names';

/** How many days, weeks and months have a dump that is kept: of each, the newest good one. */
export interface Keep {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export interface Rotation {
  readonly kept: readonly Dump[];
  /** Not needed, whatever becomes of the run that asks. */
  readonly old: readonly Dump[];
  /** Not what their checksums say: they count for nothing, and stay for a person to look at. */
  readonly damaged: readonly Dump[];
}

const dayMs = 86_400_000;
const mondays = 3; // 1 January 1970 was a Thursday

const periodOf: Readonly<Record<keyof Keep, (at: Date) => string>> = {
  daily: (at) => at.toISOString().slice(0, 10),
  weekly: (at) => String(Math.floor((at.getTime() / dayMs + mondays) / 7)),
  monthly: (at) => at.toISOString().slice(0, 7),
};
const kinds = Object.keys(periodOf) as readonly (keyof Keep)[];

/**
 * Decides which dumps are old. Goes from the newest to the oldest (`dumps` is in this order), and a period of which a
 * good one was kept needs no other. Only dumps that would be kept are read by `isGood`.
 */
export async function rotate(
  dumps: readonly Dump[],
  keep: Keep,
  isGood: (dump: Dump) => Promise<boolean>,
): Promise<Rotation> {
  const seen = { daily: new Set<string>(), weekly: new Set<string>(), monthly: new Set<string>() };
  const [kept, old, damaged]: [Dump[], Dump[], Dump[]] = [[], [], []];
  for (const dump of dumps) {
    const wanted = kinds.filter((kind) => seen[kind].size < keep[kind] && !seen[kind].has(periodOf[kind](dump.at)));
    if (wanted.length === 0) old.push(dump);
    else if (!(await isGood(dump))) damaged.push(dump);
    else {
      for (const kind of wanted) seen[kind].add(periodOf[kind](dump.at));
      kept.push(dump);
    }
  }
  return { kept, old, damaged };
}
