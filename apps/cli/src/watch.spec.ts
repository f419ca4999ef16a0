import { setTimeout as sleep } from 'node:timers/promises';
import type { Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';
import { claimed, moveTo, newRequest, sampleRegister, started, stick } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
beforeAll(async () => {
  const sample = await sampleRegister('watch');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
});
afterAll(() => register.close());

describe('coldroom watch', () => {
  it('ends when nothing is under way, not before', async () => {
    expect(await coldroom(['watch', '--until-done'], env)).toMatchObject({ code: 0 });
    const id = await newRequest(register, [2]);
    await register.requests.approve(id, 'test');
    let over = false;
    const ended = coldroom(['watch', '--until-done'], env).finally(() => {
      over = true;
    });
    await sleep(2000);
    await register.requests.start(id, 'main', (nr) => `watched-${nr}`, 'test');
    await moveTo(register, id, 'sealed');
    await sleep(2500);
    expect(over).toBe(false);
    await moveTo(register, id, 'linked');
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is under way.') });
    expect((await ended).stdout).toContain('waiting for the scanner to pack bags: 1 request');
  });

  it('ends with 3 where files are stuck, also where others of their fileset wait for them', async () => {
    const id = await started(register, [3]);
    const file = await stick(register, id);
    await moveTo(register, id, 'sealed');
    const ended = await coldroom(['watch', '--until-done', '--request', id.toString()], env);
    expect(ended).toMatchObject({ code: 3, stdout: expect.stringContaining('HASH_DIFFERS: 1 file, 1.00 GiB') });
    expect(ended.stdout).toContain(`\n      coldroom files retry File:${file}\n`);
    expect(ended.stdout).toContain('Nothing advances without you: 2 bags under way, behind stuck files:');
  });

  it('gives one reading as JSON', async () => {
    const id = await started(register, [1]);
    const reading = json(await coldroom(['watch', '--json', '--request', id.toString()], env));
    expect(reading).toMatchObject({
      stages: [{ state: 'approved', bags: 1, bytes: String(1n << 30n) }],
      share: 0,
      stuck: [],
    });
    expect((await coldroom(['watch', '--request', '999'], env)).code).toBe(4);
  });
});

describe('coldroom status', () => {
  it('fits the main things on a screen', async () => {
    await register.scans.finish(
      await register.scans.ask('test').then(async () => (await register.scans.begin())!),
      { requests: [{ id: '1' }] },
      null,
    );
    await register.switches.stop('stage:link', '21 files failed within an hour', 'breaker');
    const { code, stdout } = await coldroom(['status'], env);
    expect(code).toBe(0);
    for (const text of [
      /Running 1/,
      /Error 1/,
      /linked +2 +2.00 GiB/,
      /HASH_DIFFERS: 1 file, 1.00 GiB\n +next: the file is damaged/,
      /\n +coldroom files retry File:\d+\n/,
      /\n +coldroom resume stage:link\n/,
      /stage:link: by breaker, .*: 21 files failed/,
      /made 1 request/,
    ])
      expect(stdout).toMatch(text);
    expect(json(await coldroom(['status', '--json'], env))).toMatchObject({
      stuck: [
        { code: 'HASH_DIFFERS', files: 1, commands: [/abandon/, /retry/].map((one) => expect.stringMatching(one)) },
      ],
      stopped: [{ name: 'stage:link' }],
    });
  });
});

const isStopped = async (name: string): Promise<boolean> =>
  (await register.switches.list()).some((one) => one.name === name && one.stopped);

describe('coldroom stop and resume', () => {
  it('returns only when no linker holds a bag', async () => {
    const id = await started(register, [1]);
    await moveTo(register, id, 'sealed');
    const bag = (await register.claims.due(['sealed'])).at(-1)!;
    const claim = await claimed(register, bag.bagId);
    let over = false;
    const ended = coldroom(['stop', '--reason', 'a test', '--by', 'dora'], env).finally(() => {
      over = true;
    });
    for (let tries = 0; !(await isStopped('all')) && tries < 200; tries += 1) await sleep(100);
    await sleep(2000);
    expect(over).toBe(false);
    expect(await register.switches.list()).toContainEqual(
      expect.objectContaining({ name: 'all', stopped: true, reason: 'a test', changedBy: 'dora' }),
    );
    await register.claims.releaseClaim(claim);
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringContaining('no original is being replaced') });
  });

  it('resumes one or all, and rejects unknown names', async () => {
    expect((await coldroom(['resume', 'stage:nothing'], env)).code).toBe(4);
    expect(json(await coldroom(['resume', 'stage:link', '--json'], env))).toEqual({
      resumed: ['stage:link'],
      stillStopped: ['all'],
    });
    expect(await coldroom(['resume'], env)).toMatchObject({ code: 0, stdout: 'Resumed: all\n' });
    expect((await coldroom(['resume'], env)).stdout).toBe('Nothing was stopped.\n');
  });
});

describe('coldroom watch, of work of all stages', () => {
  it('counts the remaining links by how long links took, when all bytes are read', async () => {
    const earlier = await started(register, [2]);
    await moveTo(register, earlier, 'sealed', { tookMs: 100 });
    await moveTo(register, earlier, 'linked', { tookMs: 900 });
    const id = await started(register, [2]);
    await moveTo(register, id, 'sealed', { tookMs: 100 });
    const read = async (): Promise<unknown> =>
      json(await coldroom(['watch', '--json', '--request', id.toString()], env));
    expect(await read()).toMatchObject({ remaining: '0', filesLeft: 2, share: expect.closeTo(4 / 13) });
    await moveTo(register, id, 'linked', { tookMs: 900 });
    expect(await read()).toMatchObject({ filesLeft: 0, share: 1, leftMs: 0 });
  });

  it('follows files that are restored', async () => {
    const id = await started(register, [2]);
    await moveTo(register, id, 'released', { tookMs: 100 });
    await register.retrievals.ask({ kind: 'Request', ids: [id] }, { way: 'restore', days: 0 }, 'test');
    await moveTo(register, id, 'online', { tookMs: 1 });
    await moveTo(register, id, 'fetched', { tookMs: 3000 });
    const reading = json(await coldroom(['watch', '--json', '--request', id.toString()], env));
    expect(reading).toMatchObject({ filesLeft: 2, remaining: String(2n << 30n) });
    expect(reading.share).toBeGreaterThan(0.4);
    expect(reading.share).toBeLessThan(0.9);
  });
});
