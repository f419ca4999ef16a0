import type { Amount, StageProgress } from '@coldroom/register';
import { costOf, paths, pathStates, readsBytes, type Costs, type PathState } from './stage-costs';

type Path = readonly PathState[];

const none: Amount = { files: 0, bytes: 0n };
const heavy = pathStates.filter(readsBytes);

/** The positions of the bags at one time, and how much has reached the end of each path since the first reading. */
export class Standing {
  private constructor(
    readonly at: number,
    private readonly rows: readonly StageProgress[],
    private readonly ended: ReadonlyMap<Path, Amount>,
  ) {}

  static first({ at, stages }: { at: number; stages: readonly StageProgress[] }, archived: Amount): Standing {
    return new Standing(at, stages, new Map([[paths[0], archived]]));
  }

  /** Whatever is no longer on a path has reached its end. */
  next(at: number, rows: readonly StageProgress[]): Standing {
    const ended = paths.map((path: Path) => {
      const since = minus(onPath(this.rows, path), onPath(rows, path));
      return [path, plus(this.ended.get(path) ?? none, since)] as const;
    });
    return new Standing(at, rows, new Map(ended));
  }

  /** The amount that has passed the stage of this state. What its workers are processing counts by the bytes done. */
  passed(state: PathState): Amount {
    const path = pathOf(state);
    const own = path.indexOf(state);
    return path
      .slice(own)
      .map((at, ahead) => (ahead === 0 ? this.begun(at) : on(this.rows, at)))
      .reduce(plus, this.ended.get(path) ?? none);
  }

  /** Work done since the first reading, in milliseconds of one worker. */
  done(costs: Costs): number {
    return paths.flat().reduce((sum, state) => sum + costIn(costs, state, this.passed(state)), 0);
  }

  /** Work left by stage, in milliseconds of one worker; stages without work are omitted. */
  left(costs: Costs): ReadonlyMap<PathState, number> {
    const left = new Map<PathState, number>();
    for (const path of paths) {
      for (const state of path) {
        const amount = this.toPass(state);
        if (amount.files > 0) left.set(state, costIn(costs, state, amount));
      }
    }
    return left;
  }

  /** Bytes still to be read, and files that have not reached the end. */
  amountLeft(): { readonly remaining: bigint; readonly files: number } {
    return {
      remaining: heavy.reduce((sum, state) => sum + this.toPass(state).bytes, 0n),
      files: paths.reduce((sum, path) => sum + onPath(this.rows, path).files, 0),
    };
  }

  /** Bytes per second through each stage that reads them. */
  rates(from: Standing): ReadonlyMap<PathState, number> {
    const elapsed = this.at - from.at;
    const moved = (state: PathState): number => Number(minus(this.passed(state), from.passed(state)).bytes);
    return new Map(elapsed > 0 ? heavy.map((state) => [state, (moved(state) * 1000) / elapsed]) : []);
  }

  private toPass(state: PathState): Amount {
    const path = pathOf(state);
    const { files, bytes } = onPath(this.rows, path.slice(0, path.indexOf(state) + 1));
    const begun = this.begun(state);
    return { files: Math.max(0, files - begun.files), bytes: bytes - begun.bytes };
  }

  private begun(state: PathState): Amount {
    const row = this.rows.find((one) => one.state === state);
    if (!row || row.bytes === 0n) return none;
    return { files: (row.files * Number(row.doneBytes)) / Number(row.bytes), bytes: row.doneBytes };
  }
}

const on = (rows: readonly StageProgress[], state: PathState): Amount =>
  rows.find((row) => row.state === state) ?? none;
const onPath = (rows: readonly StageProgress[], path: Path): Amount =>
  path.map((state) => on(rows, state)).reduce(plus, none);
const pathOf = (state: PathState): Path => paths.find((path: Path) => path.includes(state)) as Path;

function costIn(costs: Costs, state: PathState, amount: Amount): number {
  const cost = costs.get(state);
  return cost ? costOf(cost, amount) : 0;
}

function plus(one: Amount, other: Amount): Amount {
  return { files: one.files + other.files, bytes: one.bytes + other.bytes };
}

/** Never below zero. */
function minus(one: Amount, other: Amount): Amount {
  return {
    files: Math.max(0, one.files - other.files),
    bytes: one.bytes > other.bytes ? one.bytes - other.bytes : 0n,
  };
}
