import { mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { identify, markerName } from '@coldroom/files';
import { Staging } from '@coldroom/trees';
import { type Stage } from '@coldroom/pipeline';
import { Workbench } from '@coldroom/pipeline/testing';
import { VerifyFetchedStage } from './verify-fetched.stage';

describe('the verify-fetched stage', () => {
  let bench: Workbench;
  let stage: Stage;

  beforeAll(async () => {
    bench = await Workbench.create('verifyFetched');
    stage = new VerifyFetchedStage(bench.stores, new Staging(bench.originals, bench.holds), bench.files);
  });
  afterAll(() => bench.close());

  async function fetched(fileset: string, names: readonly string[]): Promise<(name: string) => Promise<string>> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({
        path: `${fileset}/${name}`,
        content: name === 'empty' ? '' : `content of ${name}`,
      })),
    });
    await bench.bring('sealed');
    await bench.sayLinked();
    await bench.ask(id);
    await bench.bring('fetched');
    return async (name) =>
      join(bench.holdDir, `request-${id}-bag-1`, `${(await bench.file(`${fileset}/${name}`)).id}.fetched`);
  }

  test('a file with the digest of the original is proven, under its present identity', async () => {
    const staged = await fetched('some', ['a', 'empty']);
    await bench.run(stage);
    const { files } = await bench.claim('fetchVerified');
    expect(files.map((file) => file.state)).toEqual(['fetchVerified', 'fetchVerified']);
    expect(files[0]?.fetched).toEqual(await identify(Buffer.from(await staged('a'))));
    expect(files[1]?.fetched).toEqual(await identify(Buffer.from(await staged('empty'))));
  });

  test('wrong bytes are fetched once more, and then a person has to look', async () => {
    const staged = await fetched('wrong', ['a', 'b']);
    for (const time of [1, 2]) {
      await writeFile(await staged('a'), 'CONTENT of a');
      const { transitions } = await bench.run(stage);
      expect(transitions).toContainEqual(
        expect.objectContaining(
          time === 1 ? { event: 'fetchAgain', to: 'online' } : { event: 'fail', code: 'COPY_DIFFERS' },
        ),
      );
      if (time === 1) {
        expect(await bench.file('wrong/b')).toMatchObject({ state: 'fetchVerified' });
        await bench.bring('fetched');
      }
    }
    expect(await bench.file('wrong/a')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'fetched',
      code: 'COPY_DIFFERS',
      reason: expect.stringContaining('twice in a row'),
    });
  });

  test.each<[string, (staged: string) => Promise<void>]>([
    ['gone', (staged) => rm(staged)],
    ['cut short', (staged) => truncate(staged, 2)],
  ])('a file that is %s is fetched once more', async (what, spoil) => {
    const staged = await fetched(what, ['a']);
    await spoil(await staged('a'));
    await bench.run(stage);
    expect(await bench.file(`${what}/a`)).toMatchObject({ state: 'online' });
    await bench.bring('fetched');
    await bench.run(stage);
    expect(await bench.file(`${what}/a`)).toMatchObject({ state: 'fetchVerified' });
  });

  test.each<[string, (staged: string) => Promise<void>]>([
    ['a link', (staged) => symlink('/etc/hostname', staged)],
    [
      'a directory',
      async (staged) => {
        await mkdir(staged);
      },
    ],
  ])('%s is never followed or accepted as the fetched file', async (what, put) => {
    const staged = await fetched(what, ['a']);
    await rm(await staged('a'));
    await put(await staged('a'));
    await bench.run(stage).catch(() => undefined);
    expect((await bench.file(`${what}/a`)).state).not.toBe('fetchVerified');
    await bench.register.retrievals.cancel({ kind: 'Fileset', names: [what] }, 'test');
  });

  test('an unmounted hold directory says nothing about what was fetched', async () => {
    const staged = await fetched('away', ['a']);
    await rename(join(bench.holdDir, markerName), join(bench.holdDir, 'aside'));
    expect(codeOf(await bench.run(stage).catch((error: unknown) => error))).toBe('ROOT_UNAVAILABLE');
    await rename(join(bench.holdDir, 'aside'), join(bench.holdDir, markerName));
    await utimes(await staged('a'), 5, 5); // before it is proven, changes do not matter
    await bench.run(stage);
    expect(await bench.file('away/a')).toMatchObject({ state: 'fetchVerified' });
  });
});
