import { setTimeout as sleep } from 'node:timers/promises';
import type { Register, Target } from '@coldroom/register';
import { selectedFiles, undoPlan } from '@coldroom/operations';
import { coldroom } from './testing/command-line';
import { claimed, moveTo, newRequest, sampleRegister, started, stick } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
beforeAll(async () => {
  const sample = await sampleRegister('undo');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
});
afterAll(() => register.close());

const request = (id: bigint): Target => ({ kind: 'Request', ids: [id] });

async function placeRecalled(id: bigint): Promise<void> {
  for (const { bagId } of await register.claims.due(['fetchVerified'])) {
    const claim = await claimed(register, bagId);
    if (claim.requestId !== id) await register.claims.releaseClaim(claim);
    else
      await register.applyTransitions(
        claim,
        claim.files.map((file) => ({ id: file.id, event: 'place', from: 'fetchVerified', to: 'recalled' })),
        { stage: 'test', errorLimit: 1000 },
      );
  }
}

describe('coldroom undo', () => {
  it('shows, asks, then waits until the linker has put all back', async () => {
    const id = await started(register);
    await moveTo(register, id, 'linked');
    expect(await coldroom(['undo', `Request:${id}`, '--dry-run'], env)).toMatchObject({
      code: 0,
      stdout: 'To put back: 2 files, 2.00 GiB\n',
    });
    expect((await coldroom(['undo', `Request:${id}`], env)).code).toBe(2);
    expect((await register.requests.get(id))?.linked).toBe(2);
    const ended = coldroom(['undo', `Request:${id}`, '--yes'], env);
    for (let tries = 0; (await register.claims.due(['undoing'])).length === 0 && tries < 100; tries += 1)
      await sleep(100);
    await sleep(1500); // it must not end before the linker has finished
    await moveTo(register, id, 'undone');
    expect(await ended).toMatchObject({ code: 0, stdout: 'The originals are back in their places.\n' });
    expect((await ended).stderr).toContain('2 originals (2.00 GiB) still to be put back');
  });

  it('ends with 3 and the reason where originals were released', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    const ended = await coldroom(['undo', `Request:${id}`, '--yes'], env);
    expect(ended).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('Not undone: 2 files, 2.00 GiB; their originals were released already'),
    });
  });

  it.each([
    [
      '--by=dora', // any option that does not change the output
      /^The originals are back in their places, except for those of stuck files:\nStuck: 1 file, LINK_GONE; next: .*\n {2}coldroom files list --state stuck --code LINK_GONE\n$/,
    ],
    ['--json', /"undoing": 2,(.|\n)*"stuck": \[\n +\{\n +"code": "LINK_GONE",\n +"files": 1,/],
  ])('ends with 3 where a file became stuck on the way (%s)', async (option, expected) => {
    const id = await started(register);
    await moveTo(register, id, 'linked');
    const ended = coldroom(['undo', `Request:${id}`, '--yes', option], env);
    for (let tries = 0; (await register.claims.due(['undoing'])).length === 0 && tries < 100; tries += 1)
      await sleep(100);
    await stick(register, id, 'LINK_GONE');
    await moveTo(register, id, 'undone');
    expect(await ended).toMatchObject({ code: 3, stdout: expect.stringMatching(expected) });
  });

  it('does not wait for what is stopped', async () => {
    const id = await started(register);
    await moveTo(register, id, 'linked');
    await register.switches.stop('all', 'a test', 'test');
    expect(await coldroom(['undo', `Request:${id}`, '--yes'], env)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('all is stopped (a test)'),
    });
    await register.switches.resume('all', 'test');
    expect(await register.claims.due(['undoing'])).toHaveLength(2); // requested nevertheless
  });

  it('gives up what is not linked yet, without waiting', async () => {
    const id = await started(register);
    expect(await coldroom(['undo', `Request:${id}`, '--yes'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Given up before they were linked: 2 files'),
    });
    expect(await coldroom(['undo', `Request:${id}`, '--yes'], env)).toMatchObject({
      code: 0,
      stdout: 'There is nothing to undo.\n',
    });
  });

  it('does not know what does not exist, and accepts no single files', async () => {
    expect(await coldroom(['undo', 'Image:999999'], env)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Image:999999'),
    });
    expect((await coldroom(['undo', 'Fileset:999999'], env)).code).toBe(4);
    expect((await coldroom(['undo', 'File:1'], env)).code).toBe(2);
    const id = await newRequest(register);
    expect((await coldroom(['undo', `Request:${id}`], env)).stdout).toContain('decline the request instead');
  });

  it('does not promise to undo what was released and is linked again', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    await register.retrievals.ask(request(id), { way: 'recall', days: 1 }, 'test');
    await register.retrievals.cancel(request(id), 'test');
    expect((await register.requests.get(id))?.linked).toBe(2);
    const plan = undoPlan(await selectedFiles(register, [request(id)], 'filesets'));
    expect([plan.back.files, plan.released.files]).toEqual([0, 2]);
    expect(await coldroom(['undo', `Request:${id}`, '--yes'], env)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('only a restore from the store can bring them back'),
    });
  });

  it.each([
    [true, 'Not undone: 2 files', 3],
    [false, 'To put back: 2 files', 0],
  ] as const)('names what is online or being retrieved; released: %s', async (isReleased, told, code) => {
    for (const state of ['retrieving', 'online', 'fetched', 'fetchVerified', 'recalled'] as const) {
      const id = await started(register);
      await moveTo(register, id, isReleased ? 'released' : 'linked');
      await register.retrievals.ask(request(id), { way: 'recall', days: 1 }, 'test');
      await moveTo(register, id, state === 'recalled' ? 'fetchVerified' : state);
      if (state === 'recalled') await placeRecalled(id);
      if (state === 'recalled')
        expect(await coldroom(['undo', `Request:${id}`, '--dry-run'], env)).toMatchObject({
          code,
          stdout: expect.stringContaining(told),
        });
      const plan = undoPlan(await selectedFiles(register, [request(id)], 'filesets'));
      expect({ state, ...(await register.operator.undo(request(id), 'test')) }).toEqual({
        state,
        undoing: isReleased ? 0 : 2,
        abandoned: 0,
        released: isReleased ? 2 : 0,
      });
      expect([state, plan.back.files, plan.abandoned.files, plan.released.files]).toEqual([
        state,
        isReleased ? 0 : 2,
        0,
        isReleased ? 2 : 0,
      ]);
    }
  });

  it('plans in every state what the register then does', async () => {
    for (const state of ['approved', 'hashed', 'copied', 'verified', 'sealed', 'linked', 'released'] as const) {
      for (const withStuck of [false, true]) {
        const id = await started(register, [2]);
        await moveTo(register, id, state);
        if (withStuck && state !== 'released') await stick(register, id);
        const plan = undoPlan(await selectedFiles(register, [request(id)], 'filesets'));
        const done = await register.operator.undo(request(id), 'test');
        expect({
          state,
          withStuck,
          undoing: plan.back.files,
          abandoned: plan.abandoned.files,
          released: plan.released.files,
        }).toEqual({ state, withStuck, ...done });
      }
    }
  });
});
