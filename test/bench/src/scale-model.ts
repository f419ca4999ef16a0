import type { Ours } from './ours';
import type { ServerCosts } from './server-costs';

/** What archiving the files of one case took. */
export interface Cost extends ServerCosts {
  readonly case: string;
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly services: Ours['services'];
}

export interface Work {
  readonly files: number;
  readonly bytes: number;
  /** The time that it may take. */
  readonly days: number;
}

export interface Share {
  readonly name: string;
  readonly msAFile: number;
  readonly secondsAGigabyte: number;
  /** Processor time for all of the work. */
  readonly coreDays: number;
  /** Cores that are busy all the time, to be done in time. */
  readonly cores: number;
}

export interface Estimate {
  readonly shares: readonly Share[];
  readonly registerBytes: number;
  readonly walBytesADay: number;
  readonly filesASecond: number;
  readonly bytesASecond: number;
  /** Files a day at which one busy core of PostgreSQL, which cannot be shared between machines as workers can, is full. */
  readonly filesADayACoreOfRegister: number;
}

const daySeconds = 86_400;

/**
 * The cost of any number of files and bytes, from two measured cases: with few large files the bytes count, with many
 * small ones the files do. Each cost is taken as `a * files + b * bytes`, which holds while no queue, cache or disk is full.
 */
export function estimate(small: Cost, large: Cost, work: Work): Estimate {
  const share = (name: string, of: (cost: Cost) => number): Share => {
    const { aFile, aByte } = split(small, large, of);
    const coreSeconds = aFile * work.files + aByte * work.bytes;
    return {
      name,
      msAFile: aFile * 1000,
      secondsAGigabyte: aByte * 1e9,
      coreDays: coreSeconds / daySeconds,
      cores: coreSeconds / daySeconds / work.days,
    };
  };
  const register = share('PostgreSQL', ({ register }) => register.cpuSeconds);
  const services = small.services.map(({ name }) =>
    share(name, ({ services }) => services.find((each) => each.name === name)?.cpuSeconds ?? 0),
  );
  const { aFile: registerBytes } = split(small, large, ({ register }) => register.bytes);
  const { aFile: walBytes } = split(small, large, ({ register }) => register.walBytes);
  return {
    shares: [...services, register, share('Redis', ({ redis }) => redis.cpuSeconds)],
    registerBytes: registerBytes * work.files,
    walBytesADay: (walBytes * work.files) / work.days,
    filesASecond: work.files / work.days / daySeconds,
    bytesASecond: work.bytes / work.days / daySeconds,
    filesADayACoreOfRegister: register.msAFile === 0 ? Infinity : (daySeconds * 1000) / register.msAFile,
  };
}

/** Two equations with two unknowns. Noise may make one of them negative: then it is none. */
function split(small: Cost, large: Cost, of: (cost: Cost) => number): { aFile: number; aByte: number } {
  const determinant = small.files * large.bytes - large.files * small.bytes;
  const aByte = Math.max(0, (small.files * of(large) - large.files * of(small)) / determinant);
  const aFile = Math.max(0, (of(small) - aByte * small.bytes) / small.files);
  return { aFile, aByte };
}
