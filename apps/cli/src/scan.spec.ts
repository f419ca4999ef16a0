import { setTimeout as sleep } from 'node:timers/promises';
import type { Register } from '@coldroom/register';
import { reportLines } from './scan-report';
import { coldroom, json } from './testing/command-line';
import { sampleRegister } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
beforeAll(async () => {
  const sample = await sampleRegister('scan');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
});
afterAll(() => register.close());

/** What the scanner does with the next scan that is asked for. */
async function scannerOnce(report: Record<string, unknown> | null, failed: string | null): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const id = await register.scans.begin();
    if (id !== undefined) return register.scans.finish(id, report, failed);
    await sleep(100);
  }
}

describe('coldroom scan', () => {
  it('waits for the scanner and shows its report', async () => {
    const ended = coldroom(['scan', '--json'], env);
    await scannerOnce(
      { marks: 3, requests: [{ id: '7', group: 'lab' }], ignored: [{ code: 'MARK_NOT_ALLOWED', imageId: '5' }] },
      null,
    );
    expect((await ended).code).toBe(0);
    expect(json(await ended)).toMatchObject({ failed: null, report: { marks: 3 } });
  });
  it('tells of a scan that failed', async () => {
    const ended = coldroom(['scan'], env);
    await scannerOnce(null, 'OMERO_DATABASE_UNAVAILABLE: it is unavailable');
    expect(await ended).toMatchObject({ code: 1, stdout: expect.stringContaining('OMERO_DATABASE_UNAVAILABLE') });
  });
  it('says that no scanner seems to run, and gives up when told so', async () => {
    const ended = await coldroom(['scan', '--timeout', '11s'], env);
    expect(ended).toMatchObject({ code: 5, stderr: expect.stringContaining('none seems to run') });
    expect(ended.stderr).toContain('It stays asked for');
  });
  it('may only ask', async () => {
    expect(json(await coldroom(['scan', '--no-wait', '--json'], env))).toMatchObject({ asked: true });
    expect((await coldroom(['scan', '--timeout', 'soon'], env)).code).toBe(2);
  });
  it('shows also what it does not know', () => {
    expect(
      reportLines({
        marks: 3,
        ignoredCount: 1,
        ignored: [{ code: 'X', imageId: '5' }],
        leftOut: [],
        novelty: { a: [1, 2] },
      }),
    ).toEqual([
      'marks          3',
      'ignored count  1',
      'novelty        a 1 2',
      'ignored: 1',
      '  code X, image id 5',
      'left out: none',
    ]);
    expect(reportLines({ requests: Array.from({ length: 12 }, (_, nr) => nr) }).at(-1)).toBe('  and 2 more');
  });
});
