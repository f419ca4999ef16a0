import { setTimeout as sleep } from 'node:timers/promises';
import { scannerTask, type Register } from '@coldroom/register';
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

async function endOpenScans(): Promise<void> {
  for (let id = await register.scans.begin(); id !== undefined; id = await register.scans.begin())
    await register.scans.finish(id, null, 'by the test');
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
  it('ends with 5 where no scanner is running, and says how to start one', async () => {
    const ended = await coldroom(['scan'], env);
    expect(ended).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('No scanner is running') });
    expect(ended.stderr).toContain('npm start -- --only scanner');
    expect(JSON.parse((await coldroom(['scan', '--json'], env)).stderr)).toMatchObject({
      error: { code: 'NO_SCANNER', exitCode: 5 },
    });
    await endOpenScans();
  });
  it('ends with 5 where the scanner dies in the middle of the scan', async () => {
    const ended = coldroom(['scan'], env);
    for (let tries = 0; (await register.scans.begin()) === undefined && tries < 100; tries += 1) await sleep(100);
    expect((await ended).stderr).toContain('No scanner is running');
    await endOpenScans();
  });
  it('waits for a scanner that is busy', async () => {
    const ended = coldroom(['scan'], env);
    await register.alone(scannerTask, async () => {
      await sleep(15_000);
      await scannerOnce({ marks: 0 }, null);
    });
    expect(await ended).toMatchObject({ code: 0, stderr: expect.stringContaining('The scanner is busy') });
  });
  it('waits for a scanner that is not running where it has to, within the time that is given', async () => {
    const ended = await coldroom(['scan', '--wait', '--timeout', '12s'], env);
    expect(ended).toMatchObject({ code: 5, stderr: expect.stringContaining('Ctrl-C ends the wait') });
    expect(ended.stderr).toContain('was not done within 12 s: no scanner is running. It stays asked for');
    await endOpenScans();
  });
  it('may only ask', async () => {
    expect(json(await coldroom(['scan', '--no-wait', '--json'], env))).toMatchObject({ asked: true });
    expect((await coldroom(['scan', '--timeout', 'soon'], env)).code).toBe(2);
  });
});
