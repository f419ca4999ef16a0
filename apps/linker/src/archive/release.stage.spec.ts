import { appendFile, lstat, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { markerName, writeMarker } from '@coldroom/files';
import { Workbench } from '@coldroom/pipeline/testing';
import { Client } from 'pg';
import { LinkStage } from './link.stage';
import { HoldDirectories } from '@coldroom/trees';
import { HoldTime } from '../paths/places';
import { ReleaseStage } from './release.stage';

describe('the release stage', () => {
  let bench: Workbench;
  const at = (path: string): string => bench.at(path).toString();

  beforeAll(async () => {
    bench = await Workbench.create('release');
  });
  afterAll(() => bench.close());

  const release = (holdMs = 0): ReleaseStage =>
    new ReleaseStage(
      bench.stores,
      bench.originals,
      bench.register,
      new HoldDirectories([bench.holdDir]),
      new HoldTime(holdMs),
      bench.files,
    );

  /** Linked files. Returns the directory that holds their originals, and the one of their copies. */
  async function linked(
    fileset: string,
    names: readonly string[],
  ): Promise<{ readonly hold: string; readonly copies: string }> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.bring('sealed');
    await bench.run(
      new LinkStage(
        bench.stores,
        bench.originals,
        bench.register,
        new HoldDirectories([bench.holdDir]),
        new HoldTime(0),
        bench.files,
      ),
    );
    return {
      hold: join(bench.holdDir, `request-${id}-bag-1`),
      copies: join(bench.storeDir, `request-${id}-bag-1`, 'data/ManagedRepository', fileset),
    };
  }

  /** Changes the register directly, bypassing its code. */
  async function sql(statement: string): Promise<void> {
    const client = new Client({ connectionString: bench.registerUrl, options: '-c search_path=coldroom' });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }

  const heldAs = async (path: string, hold: string): Promise<string> =>
    join(hold, (await bench.file(path)).id.toString());

  test('not before the hold ends; then the space is freed and the link stays', async () => {
    const { hold } = await linked('time', ['a']);
    const early = await bench.run(release(60_000));
    expect(early).toMatchObject({ transitions: [], wait: { code: 'HELD', details: { noDeadline: true } } });
    const { delayMs } = early.wait?.details ?? {};
    expect(delayMs).toBeGreaterThan(50_000);
    expect(delayMs).toBeLessThanOrEqual(60_000);
    expect(await readdir(hold)).toHaveLength(1);

    await bench.run(release());

    expect(await readdir(hold)).toEqual([]);
    expect(await readFile(at('time/a'), 'utf8')).toBe('content of a');
    expect(await bench.file('time/a')).toMatchObject({ state: 'released' });
  });

  test('a held original stays where the link, the copy or the original itself has changed', async () => {
    const { hold, copies } = await linked('kept', ['replaced', 'gone', 'changed', 'copytouched', 'copygone', 'sound']);
    await rename(at('kept/replaced'), at('kept/aside'));
    await writeFile(at('kept/replaced'), 'theirs');
    await rm(at('kept/gone'));
    await appendFile(await heldAs('kept/changed', hold), '!');
    await utimes(join(copies, 'copytouched'), 5, 5);
    await rm(join(copies, 'copygone'));

    await bench.run(release());

    const expected = {
      replaced: ['LINK_GONE', "something else is at the link's path"],
      gone: ['LINK_GONE', 'the link is gone; was the image deleted in OMERO?'],
      changed: ['HELD_CHANGED', 'the held original is not the file that was hashed'],
      copytouched: ['COPY_CHANGED', 'the copy is not the one that was proven'],
      copygone: ['COPY_MISSING', 'the store has no such copy'],
    };
    for (const [name, [code, reason]] of Object.entries(expected)) {
      expect([name, await bench.file(`kept/${name}`)]).toMatchObject([
        name,
        { state: 'stuck', stuckFrom: 'linked', code, reason: expect.stringContaining(reason as string) },
      ]);
      expect((await lstat(await heldAs(`kept/${name}`, hold))).isFile()).toBe(true);
    }
    expect(await readFile(at('kept/replaced'), 'utf8')).toBe('theirs');
    expect(await bench.file('kept/sound')).toMatchObject({ state: 'released' });
  });

  test('frees nothing while work is stopped, the claim may be lost or a repository is unavailable', async () => {
    const { hold } = await linked('stopped', ['a']);
    const stillHeld = async (): Promise<void> =>
      expect(await readFile(await heldAs('stopped/a', hold), 'utf8')).toBe('content of a');

    await bench.register.switches.stop('stage:link', 'too many failures', 'breaker');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(codeOf(await bench.run(release()).catch((thrown: unknown) => thrown))).toBe('STOPPED');
    await stillHeld();
    await bench.register.switches.resume(undefined, 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));

    await expect(
      bench.run(release(), {
        check: () => {
          throw new Error('the claim ran out');
        },
      }),
    ).rejects.toThrow('the claim ran out');
    await stillHeld();

    const marker = join(bench.originals.directory('ManagedRepository'), markerName);
    await rename(marker, `${marker}.away`);
    expect(codeOf(await bench.run(release()).catch((thrown: unknown) => thrown))).toBe('ROOT_UNAVAILABLE');
    await stillHeld();
    await rename(`${marker}.away`, marker);

    await bench.run(release());
    expect(await bench.file('stopped/a')).toMatchObject({ state: 'released' });
  });

  test('a copy that is found bad while the store is queried keeps the original', async () => {
    const { hold } = await linked('meanwhile', ['a']);
    const { stores } = bench;
    const store = Object.create(stores.default, {
      stat: {
        value: async (...args: Parameters<typeof stores.default.stat>) => {
          const answer = await stores.default.stat(...args);
          await sql(`UPDATE file SET copy_digest = NULL WHERE path = 'meanwhile/a'`);
          return answer;
        },
      },
    }) as typeof stores.default;
    await bench.run(
      new ReleaseStage(
        { ...stores, get: () => store },
        bench.originals,
        bench.register,
        new HoldDirectories([bench.holdDir]),
        new HoldTime(0),
        bench.files,
      ),
    );
    expect(await bench.file('meanwhile/a')).toMatchObject({ state: 'stuck', code: 'COPY_DIFFERS' });
    expect(await readFile(await heldAs('meanwhile/a', hold), 'utf8')).toBe('content of a');
  });

  test('nothing is reported as released where neither a held original nor a proven copy is found', async () => {
    const { hold, copies } = await linked('nowhere', ['a']);
    await rm(await heldAs('nowhere/a', hold));
    await rm(join(copies, 'a'));
    await bench.run(release());
    expect(await bench.file('nowhere/a')).toMatchObject({ state: 'stuck', code: 'COPY_MISSING' });
  });

  test('originals are found in their hold directory, whatever the settings name first by now', async () => {
    const { hold } = await linked('elsewhere', ['a']);
    const newer = join(bench.holdDir, '..', 'newer-hold');
    await mkdir(newer);
    await writeMarker(newer, 'hold');
    await bench.run(
      new ReleaseStage(
        bench.stores,
        bench.originals,
        bench.register,
        new HoldDirectories([newer, bench.holdDir]),
        new HoldTime(0),
        bench.files,
      ),
    );
    expect(await bench.file('elsewhere/a')).toMatchObject({ state: 'released' });
    expect([await readdir(hold), await readdir(newer)]).toEqual([[], [markerName]]);
  });

  test('a crash after the removal: what is already freed is recorded', async () => {
    const { hold } = await linked('crashed', ['a']);
    await rm(await heldAs('crashed/a', hold));
    await bench.run(release());
    expect(await bench.file('crashed/a')).toMatchObject({ state: 'released' });
  });
});
