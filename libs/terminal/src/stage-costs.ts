import type { WorkState } from '@coldroom/domain';
import type { Amount, StageTime } from '@coldroom/register';

/** The worker time that a stage needs, in milliseconds. */
export interface Cost {
  readonly perFile: number;
  readonly perByte: number;
}
export type Costs = ReadonlyMap<WorkState, Cost>;

/** The states that services take a bag through, one stage after the other, until it needs no more work. */
export const paths = [
  ['approved', 'hashed', 'copied', 'verified', 'sealed'],
  ['undoing'],
  ['retrieving', 'online', 'fetched', 'fetchVerified'],
  ['moving', 'moveCopied', 'moveVerified', 'moveSealed'],
] as const satisfies readonly (readonly WorkState[])[];
export type PathState = (typeof paths)[number][number];
export const pathStates: readonly PathState[] = paths.flat();

const perMiB = (ms: number): number => ms / 2 ** 20;
/**
 * The shape of a stage's cost, measured on one machine; the actual cost here is derived from the times of the stages.
 */
const shapes: Readonly<Record<PathState, Cost>> = {
  approved: { perFile: 0.3, perByte: perMiB(2) },
  hashed: { perFile: 0.3, perByte: perMiB(3) },
  copied: { perFile: 0.3, perByte: perMiB(2) },
  verified: { perFile: 0.2, perByte: 0 },
  sealed: { perFile: 0.5, perByte: 0 },
  undoing: { perFile: 0.5, perByte: 0 },
  retrieving: { perFile: 0.1, perByte: 0 },
  online: { perFile: 0.3, perByte: perMiB(3) },
  fetched: { perFile: 0.3, perByte: perMiB(2) },
  fetchVerified: { perFile: 0.5, perByte: 0 },
  moving: { perFile: 0.6, perByte: perMiB(6) },
  moveCopied: { perFile: 0.3, perByte: perMiB(2) },
  moveVerified: { perFile: 0.2, perByte: 0 },
  moveSealed: { perFile: 0.5, perByte: 0 },
};
/**
 * Bags of one kind do not show how the cost divides between files and bytes: this much variety is required before they
 * do.
 */
const stiffness = 0.02;

export function costOf({ perFile, perByte }: Cost, { files, bytes }: Amount): number {
  return perFile * files + perByte * Number(bytes);
}

/**
 * What each stage costs here. For a stage that has not worked yet: the cost of its shape, times the average factor by
 * which stages of its kind exceeded theirs.
 */
export function costsFrom(times: readonly StageTime[]): Costs {
  const byState = Map.groupBy(times, ({ state }) => state);
  const found = new Map(pathStates.map((state) => [state, fit(shapes[state], byState.get(state) ?? [])]));
  const guess = (reads: boolean): number => {
    const known = pathStates.flatMap((state) => (readsBytes(state) === reads ? (found.get(state)?.mean ?? []) : []));
    return known.length > 0 ? known.reduce((sum, mean) => sum + mean, 0) / known.length : 1;
  };
  return new Map(
    pathStates.map((state) => {
      const usual = guess(readsBytes(state));
      const { files, bytes } = found.get(state) ?? { files: usual, bytes: usual };
      return [state, { perFile: shapes[state].perFile * files, perByte: shapes[state].perByte * bytes }];
    }),
  );
}

/** Whether its stage reads or writes every byte. */
export const readsBytes = (state: PathState): boolean => shapes[state].perByte > 0;

interface Factors {
  readonly mean: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * The factors by which files and bytes cost more than the shape predicts. Fits a straight line through the bags: x is
 * the share of a bag's cost that the shape assigns to its files, y is the ratio of the time taken to the shape's cost.
 */
function fit(shape: Cost, times: readonly StageTime[]): Factors | undefined {
  const points = times
    .map((time) => ({ weight: costOf(shape, time), byFiles: shape.perFile * time.files, ms: time.ms }))
    .filter(({ weight }) => weight > 0);
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return undefined;
  const mean = points.reduce((sum, { ms }) => sum + ms, 0) / total;
  const x0 = points.reduce((sum, { byFiles }) => sum + byFiles, 0) / total;
  let [spread, together] = [0, 0];
  for (const { weight, byFiles, ms } of points) {
    spread += (weight / total) * (byFiles / weight - x0) ** 2;
    together += (weight / total) * (byFiles / weight - x0) * (ms / weight - mean);
  }
  const slope = together / (spread + stiffness);
  const least = mean / 20; // noise must not reduce any cost to zero
  return { mean, files: Math.max(least, mean + slope * (1 - x0)), bytes: Math.max(least, mean - slope * x0) };
}
