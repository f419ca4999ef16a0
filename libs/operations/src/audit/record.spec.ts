import type { Register } from '@coldroom/register';
import { freshRegister } from '../testing/fresh-register';
import { recordFindings, recordRun } from './record';
import { Report, type DiscrepancyCode } from './report';

let register: Register;
beforeAll(async () => {
  register = await freshRegister('record');
});
afterAll(() => register.close());

function found(...objects: readonly string[]): Report {
  const report = new Report(20);
  for (const text of objects) {
    const [code = '', object = ''] = text.split(' ');
    report.add({ code: code as DiscrepancyCode, object, expected: 'a', found: 'b', remedy: 'c' });
  }
  return report;
}

interface Rows {
  readonly rows: readonly { readonly id: bigint; readonly text: string }[];
}
let cursor = 0n;
/** What was reported since the last call. */
async function reported(): Promise<readonly string[]> {
  const { rows } = (await register['pool'].query(
    `SELECT id, what || ' ' || code || ' ' || (detail->>'total') AS text FROM event WHERE id > $1 ORDER BY id`,
    [cursor],
  )) as Rows;
  cursor = rows.at(-1)?.id ?? cursor;
  return rows.map(({ text }) => text);
}
const record = (report: Report, whole = true): Promise<void> => recordFindings(register, report, { whole });

test('a finding is reported once, again when there is more or another, and its end by a whole audit only', async () => {
  await record(found('LOST File:1'));
  expect(await reported()).toEqual(['trouble found LOST 1']);
  await record(found('LOST File:1'));
  expect(await reported()).toEqual([]);
  await record(found('LOST File:1', 'LOST File:2', 'DANGLING File:3'));
  expect(await reported()).toEqual(['trouble found DANGLING 1', 'trouble found LOST 2']);
  await record(found('LOST File:1', 'DANGLING File:9'));
  expect(await reported()).toEqual(['trouble found DANGLING 1']);
  await record(found('LOST File:1', 'LOST File:2', 'DANGLING File:9'));
  expect(await reported()).toEqual(['trouble found LOST 2']);
  await record(found(), false);
  const incomplete = found('LOST File:1');
  incomplete.notLookedAt('store tape', new Error('no answer'));
  await record(incomplete);
  expect(await reported()).toEqual([]);
  await record(found('LOST File:2', 'LOST File:1'));
  expect(await reported()).toEqual(['trouble over DANGLING 1']);
  await record(found());
  expect(await reported()).toEqual(['trouble over LOST 2']);
});

test('what the audit repaired is not reported', async () => {
  const report = found('TAG_LOST Image:1');
  report.repaired('TAG_LOST', 1);
  await record(report);
  expect(await reported()).toEqual([]);
});

describe('the history of audits', () => {
  const order = { fix: true, store: undefined, by: 'olga' };

  test('has when a run began and ended, who ran it, and what it found', async () => {
    const report = found('LOST File:1', 'LOST File:2', 'TAG_LOST Image:1');
    report.looked.files = 7;
    report.repaired('TAG_LOST', 1);
    report.notLookedAt('store tape', new Error('no answer'));
    await recordRun(register, order, report, async () => {
      expect(await register.auditRuns.list(1)).toMatchObject([{ startedBy: 'olga', finishedAt: null }]);
    });
    expect(await register.auditRuns.list(1)).toEqual([
      expect.objectContaining({
        startedBy: 'olga',
        store: null,
        fix: true,
        failed: null,
        finishedAt: expect.any(Date),
        looked: expect.objectContaining({ files: 7 }),
        findings: [
          { code: 'LOST', total: 2, repaired: 0 },
          { code: 'TAG_LOST', total: 1, repaired: 1 },
        ],
        notLooked: [{ part: 'store tape', reason: 'no answer', things: null }],
      }),
    ]);
  });

  test('has why a run failed, and its caller hears of it', async () => {
    const failing = recordRun(register, { ...order, store: 'main' }, found(), () => Promise.reject(new Error('lost')));
    await expect(failing).rejects.toThrow('lost');
    expect(await register.auditRuns.list(1)).toMatchObject([{ store: 'main', failed: 'lost' }]);
  });
});
