import type { Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';
import { newRequest, sampleRegister, started, stick } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
beforeAll(async () => {
  const sample = await sampleRegister('requests');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
});
afterAll(() => register.close());

describe('coldroom requests', () => {
  it('lists, by state, in a table without control characters, and as JSON with ids as strings', async () => {
    expect((await coldroom(['requests', 'list'], env)).stdout).toBe('No requests.\n');
    const id = await newRequest(register);
    const table = await coldroom(['requests', 'list', '--state', 'New,Running'], env);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout.split('\n')[1]).toMatch(
      new RegExp(`^ +${id}  New +ada +lab\\\\x1b\\[2J +bob +2 +2  2.00 GiB +1 `),
    );
    const { requests } = json<{ requests: Record<string, unknown>[] }>(
      await coldroom(['requests', 'list', '--json'], env),
    );
    expect(requests[0]).toMatchObject({
      id: id.toString(),
      state: 'New',
      bytes: String(2n << 30n),
      markedImages: 1,
      images: 2,
    });
    expect(await coldroom(['requests', 'list', '--state', 'Old'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there are New, Approved'),
    });
  });

  it('shows what a data manager needs to decide', async () => {
    const id = await newRequest(register, [3]);
    const { code, stdout } = await coldroom(['requests', 'show', id.toString()], env);
    expect(code).toBe(0);
    for (const text of [
      'Owner       ada',
      'Requester   bob',
      '2: 1 marked, 1 included',
      '3 files, 3.00 GiB',
      'bob, for 1 of the images',
      'Description     Zebrafish',
      'To be kept for  1 year',
      'ALREADY_A_LINK: 1 file',
      'the path is a link already',
      'sibling.dv',
      `\n  coldroom requests approve ${id}\n`,
    ])
      expect(stdout).toContain(text);
    const shown = json<{ skipped: unknown[]; included: unknown[]; events: unknown[] }>(
      await coldroom(['requests', 'show', `Request:${id}`, '--json'], env),
    );
    expect(shown).toMatchObject({
      skipped: [{ code: 'ALREADY_A_LINK', files: 1 }],
      included: [{ name: 'sibling.dv' }],
      events: [{ what: 'scan', to: 'New' }],
      stuck: [],
    });
  });

  it('shows what is kept out of archiving, and does not approve a request with it', async () => {
    const id = await newRequest(register);
    const [image] = await register.reports.images(id, { marked: true }, 1);
    const round = await register.kept.beginRound();
    await register.kept.seen(round, [
      { imageId: image!.imageId, by: 'ada', reason: 'under\x1b[2J review', liftedBy: 'owner' },
    ]);
    const { stdout } = await coldroom(['requests', 'show', id.toString()], env);
    expect(stdout).toContain(`Image:${image!.imageId}  kept by ada: under\\x1b[2J review (lifted by owner)`);
    expect((await coldroom(['requests', 'kept'], env)).stdout).toMatch(
      new RegExp(`${image!.imageId} +ada +owner +20.* under\\\\x1b\\[2J review`),
    );
    expect(await coldroom(['requests', 'approve', id.toString(), '--yes'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('kept out of archiving: Image:'),
    });
    await register.kept.endRound(await register.kept.beginRound());
    expect((await coldroom(['requests', 'kept'], env)).stdout).toBe('No image is kept out of archiving.\n');
  });

  it('shows stuck files by code with the next step', async () => {
    const id = await started(register);
    const file = await stick(register, id);
    const { stdout } = await coldroom(['requests', 'show', id.toString()], env);
    expect(stdout).toMatch(/HASH_DIFFERS: 1 file, 1.00 GiB\n.*\n +next: the file is damaged/);
    expect(stdout).toContain(`\n      coldroom files retry File:${file}\n`);
  });

  it('returns 4 for not found', async () => {
    const ended = await coldroom(['requests', 'show', '999', '--json'], env);
    expect(ended).toMatchObject({ code: 4, stdout: '' });
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code: 'NO_SUCH_REQUEST', exitCode: 4 } });
  });

  it('approves: dry first, then once, then not again', async () => {
    const id = await newRequest(register);
    expect(await coldroom(['requests', 'approve', id.toString(), '--dry-run'], env)).toMatchObject({
      code: 0,
      stdout: `would be approved  request ${id}: 2 files, 2.00 GiB\n`,
    });
    expect((await register.requests.get(id))?.state).toBe('New');
    expect(await coldroom(['requests', 'approve', id.toString(), '--yes', '--by', 'dora'], env)).toMatchObject({
      code: 0,
    });
    expect(await register.requests.get(id)).toMatchObject({ state: 'Approved', decidedBy: 'dora' });
    expect(await coldroom(['requests', 'approve', id.toString()], env)).toMatchObject({
      code: 12,
      stdout: expect.stringContaining('is Approved already'),
    });
  });

  it('changes nothing without an answer, and asks nothing where nothing can be decided', async () => {
    const id = await newRequest(register);
    for (const words of [['approve'], ['decline', '--reason', 'still used']])
      expect(await coldroom(['requests', ...words, id.toString()], env)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('--yes'),
      });
    expect((await register.requests.get(id))?.state).toBe('New');
    await register.requests.decline(id, 'test', 'still used');
    expect((await coldroom(['requests', 'approve', id.toString()], env)).code).toBe(12);
  });

  it('approves some and reports which not: 3; none that exists: 4', async () => {
    const id = await newRequest(register);
    const ended = await coldroom(['requests', 'approve', '998', id.toString(), '--yes', '--json'], env);
    expect(ended.code).toBe(3);
    expect(json(ended)).toMatchObject({
      requests: [
        { request: '998', done: false, error: { code: 'NO_SUCH_REQUEST' } },
        { request: id.toString(), done: true },
      ],
    });
    expect((await coldroom(['requests', 'approve', '998'], env)).code).toBe(4);
  });

  it('approves all that are New, and no others; nothing without a name', async () => {
    await newRequest(register);
    const fresh = await register.requests.inState('New');
    expect((await coldroom(['requests', 'approve'], env)).code).toBe(2);
    expect((await coldroom(['requests', 'approve', '--all', '1'], env)).code).toBe(2);
    expect(
      json<{ requests: unknown[] }>(await coldroom(['requests', 'approve', '--all', '--yes', '--json'], env)).requests,
    ).toHaveLength(fresh.length);
    expect(await register.requests.inState('New')).toEqual([]);
    expect(await coldroom(['requests', 'approve', '--all'], env)).toMatchObject({
      code: 0,
      stdout: 'No request is New.\n',
    });
  });

  it('declines only with a reason', async () => {
    const id = await newRequest(register);
    expect(await coldroom(['requests', 'decline', id.toString()], env)).toMatchObject({ code: 2 });
    expect((await register.requests.get(id))?.state).toBe('New');
    expect(
      await coldroom(['requests', 'decline', id.toString(), '--reason', 'still used', '--yes'], env),
    ).toMatchObject({
      code: 0,
    });
    expect(await register.requests.get(id)).toMatchObject({ state: 'Declined', reason: 'still used' });
  });
});
