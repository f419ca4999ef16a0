import { estimate, type Cost } from './scale-model';

/** A case in which each file costs `aFile` seconds and each byte `aByte` seconds, in every part. */
const cost = (files: number, bytes: number, aFile: number, aByte: number): Cost => {
  const cpuSeconds = files * aFile + bytes * aByte;
  return {
    case: 'any',
    files,
    bytes,
    seconds: 1,
    services: [{ name: 'linker', peakBytes: 1, cpuSeconds }],
    register: { cpuSeconds: files * aFile, bytes: files * 1000, walBytes: files * 4000 },
    redis: { cpuSeconds: 0, peakBytes: 1 },
  };
};

describe('the model of a large backlog', () => {
  const small = cost(10_000, 7.5e8, 1e-3, 2e-9);
  const large = cost(4, 2e9, 1e-3, 2e-9);

  it('finds what a file and what a byte costs', () => {
    const { shares } = estimate(small, large, { files: 1e8, bytes: 1e16, days: 100 });
    const linker = shares.find(({ name }) => name === 'linker');
    expect(linker?.msAFile).toBeCloseTo(1, 6);
    expect(linker?.secondsAGigabyte).toBeCloseTo(2, 6);
    expect(linker?.coreDays).toBeCloseTo((1e8 * 1e-3 + 1e16 * 2e-9) / 86_400, 6);
    expect(linker?.cores).toBeCloseTo((linker?.coreDays ?? 0) / 100, 6);
  });

  it('grows the register by files alone', () => {
    const found = estimate(small, large, { files: 1e8, bytes: 1e16, days: 100 });
    expect(found.registerBytes).toBeCloseTo(1e11, -6);
    expect(found.walBytesADay).toBeCloseTo(4e9, -5);
    expect(found.filesADayACoreOfRegister).toBeCloseTo(86.4e6, -3);
  });

  it('takes a cost that noise makes negative as none', () => {
    const cheap = { ...large, services: [{ name: 'linker', peakBytes: 1, cpuSeconds: 0 }] };
    const { shares } = estimate(small, cheap, { files: 1, bytes: 1, days: 1 });
    expect(shares.find(({ name }) => name === 'linker')?.secondsAGigabyte).toBe(0);
  });
});
