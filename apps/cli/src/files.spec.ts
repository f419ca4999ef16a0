import type { Register } from '@coldroom/register';
import { coldroom, json } from './testing/command-line';
import { claimed, moveTo, sampleRegister, started, stick } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
beforeAll(async () => {
  const sample = await sampleRegister('files');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
});
afterAll(() => register.close());

const states = async (requestId: bigint): Promise<string[]> =>
  (await register.reports.files({ requestId }))
    .filter((file) => file.bag !== null)
    .map((file) => file.state)
    .sort();

describe('coldroom files', () => {
  it('lists by request, state, code and fileset, and pages', async () => {
    const id = await started(register, [2, 2]);
    await stick(register, id);
    const list = async (...words: string[]): Promise<Record<string, unknown>[]> =>
      json<{ files: Record<string, unknown>[] }>(
        await coldroom(['files', 'list', '--request', id.toString(), '--json', ...words], env),
      ).files;
    const all = await list();
    expect(all).toHaveLength(5);
    expect(await list('--state', 'stuck')).toMatchObject([{ code: 'HASH_DIFFERS', state: 'stuck' }]);
    expect(await list('--code', 'ALREADY_A_LINK')).toMatchObject([{ state: 'skipped' }]);
    expect(await list('--fileset', String(all[0]?.['fileset']))).toHaveLength(3);
    expect((await list('--limit', '2', '--after', String(all[1]?.['id']))).map((file) => file['id'])).toEqual([
      all[2]?.['id'],
      all[3]?.['id'],
    ]);
    const page = await coldroom(['files', 'list', '--limit', '2'], env);
    expect(page.stdout).toContain(`There may be more: --after ${all[1]?.['id']}`);
    expect((await coldroom(['files', 'list', '--limit', 'x'], env)).code).toBe(2);
  });

  it('prints commands for the stuck files that it lists, and they do what they promise', async () => {
    const id = await started(register, [3]);
    const file = await stick(register, id);
    const list = ['files', 'list', '--request', id.toString()];
    expect((await coldroom([...list, '--state', 'approved'], env)).stdout).not.toContain('coldroom files');
    const { stdout } = await coldroom([...list, '--state', 'stuck'], env);
    expect(stdout).toContain(`  next: the file is damaged`);
    const commands = stdout.split('\n').filter((line) => /^ +coldroom /.test(line));
    expect(commands.map((line) => line.trim())).toEqual([
      `coldroom files abandon File:${file}`,
      `coldroom files retry File:${file}`,
    ]);
    expect((await coldroom(['files', 'show', file.toString()], env)).stdout).toMatch(
      new RegExp(`Next .*\n +coldroom files abandon File:${file}\n +coldroom files retry File:${file}\n`),
    );
    expect((await coldroom(commands[1]!.trim().split(' ').slice(1), env)).code).toBe(0);
    expect(await states(id)).toEqual(['approved', 'approved', 'approved']);
  });

  it('shows digests, the copy and the history of one file', async () => {
    const id = await started(register);
    await moveTo(register, id, 'linked');
    const [file] = await register.reports.files({ requestId: id });
    const { code, stdout } = await coldroom(['files', 'show', `File:${file!.id}`], env);
    expect(code).toBe(0);
    for (const text of [
      `SHA-256       ${'cd'.repeat(32)}`,
      `SHA1-160 ${'ab'.repeat(20)}`,
      `store main, bag request-${id}-bag-1, data/ManagedRepository/user_4/`,
      'Linked',
      ' link ',
      ' approve ',
      '(1,073,741,824 bytes)',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(json(await coldroom(['files', 'show', file!.id.toString(), '--json'], env))).toMatchObject({
      copy: { store: 'main', sealed: true },
      file: { size: String(1n << 30n) },
    });
    expect((await coldroom(['files', 'show', '999999'], env)).code).toBe(4);
  });

  it('reports that a copy in an open bag does not count yet', async () => {
    const id = await started(register);
    const [file] = await register.reports.files({ requestId: id });
    const copy = async (): Promise<unknown> =>
      json(await coldroom(['files', 'show', file!.id.toString(), '--json'], env))['copy'];
    await moveTo(register, id, 'hashed');
    expect(await copy()).toBeNull();
    await moveTo(register, id, 'verified');
    expect(await copy()).toMatchObject({ sealed: false });
  });

  it('tries stuck files again, in a new bag, by file or request', async () => {
    const id = await started(register, [3]);
    const file = await stick(register, id);
    const dry = json(await coldroom(['files', 'retry', `Request:${id}`, '--dry-run', '--json'], env));
    expect(dry).toMatchObject({ stuck: [{ code: 'HASH_DIFFERS', files: 1 }], retried: 0 });
    expect(await states(id)).toEqual(['approved', 'approved', 'stuck']);
    expect(await coldroom(['files', 'retry', file.toString()], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Tried again: 1 file'),
    });
    expect(await states(id)).toEqual(['approved', 'approved', 'approved']);
    expect((await register.reports.file(file))?.bag).toMatch(/^retry-1-[0-9a-f]{16}$/);
    expect(await coldroom(['files', 'retry', file.toString()], env)).toMatchObject({
      code: 0,
      stdout: 'None of these files is stuck.\n',
    });
    expect((await coldroom(['files', 'retry', 'File:999999'], env)).code).toBe(4);
  });

  it('gives up whole filesets, and only after confirmation', async () => {
    const id = await started(register, [3]);
    const file = await stick(register, id);
    const asked = await coldroom(['files', 'abandon', file.toString()], env);
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await states(id)).toEqual(['approved', 'approved', 'stuck']);
    expect(json(await coldroom(['files', 'abandon', file.toString(), '--dry-run', '--json'], env))).toMatchObject({
      plan: { stuck: 1, files: 3 },
      abandoned: 0,
    });
    const done = await coldroom(['files', 'abandon', file.toString(), '--yes'], env);
    expect(done).toMatchObject({
      code: 0,
      stdout: 'Given up: 3 files: 1 stuck file and the rest of its fileset. The originals stay as they are.\n',
    });
    expect(await states(id)).toEqual(['abandoned', 'abandoned', 'abandoned']);
  });

  it('waits for a bag that is being worked on', async () => {
    const id = await started(register, [2]);
    const file = await stick(register, id);
    const [bag] = await register.claims.due(['approved']).then((due) => due.slice(-1));
    const claim = await claimed(register, bag!.bagId);
    const waiting = coldroom(['files', 'abandon', file.toString(), '--yes'], env);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await register.claims.releaseClaim(claim);
    const ended = await waiting;
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('is being worked on by test') });
    expect(await states(id)).toEqual(['abandoned', 'abandoned']);
  });
});
