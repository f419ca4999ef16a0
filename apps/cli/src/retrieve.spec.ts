import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '@coldroom/local';
import type { Register } from '@coldroom/register';
import { buildTinyOmero, createOmeroSchema } from '@coldroom/sample-omero';
import pg from 'pg';
import { coldroom, json } from './testing/command-line';
import { moveTo, sampleRegister, started, stick } from './testing/sample-register';

let register: Register;
let env: Record<string, string>;
beforeAll(async () => {
  const sample = await sampleRegister('bring_back');
  register = sample.register;
  env = { REGISTER_DATABASE_URL: sample.url };
});
afterAll(() => register.close());

const due = async (state: 'retrieving' | 'undoing'): Promise<number> => (await register.claims.due([state])).length;
async function until(state: 'retrieving' | 'undoing'): Promise<void> {
  for (let tries = 0; (await due(state)) === 0 && tries < 100; tries += 1) await sleep(100);
}

describe('coldroom restore', () => {
  it('shows the consequences, asks, then waits until all is back', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    const plan = await coldroom(['restore', `Request:${id}`, '--dry-run'], env);
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout.split('\n').slice(0, 2)).toEqual([
      'To fetch from store main: 2 files, 2.00 GiB',
      'Images that come back: 2, also those that you did not name but that share files with them (1 fileset)',
    ]);
    expect(plan.stdout).toContain('Time from store main: no estimate: nothing has been fetched from this store yet');
    expect((await coldroom(['restore', `Request:${id}`], env)).code).toBe(2); // there is no one to ask
    expect(await due('retrieving')).toBe(0);

    const ended = coldroom(['restore', `Request:${id}`, '--yes'], env);
    await until('retrieving');
    await sleep(1200); // it must not end before the files are back
    await moveTo(register, id, 'restored');
    expect(await ended).toMatchObject({ code: 0, stdout: 'The images are back in their places.\n' });
    expect((await ended).stderr).toContain('2 files (2.00 GiB) being brought online');
  });

  it('says how long it may take, and what the estimate is based on', async () => {
    for (const _ of [1, 2]) {
      const before = await started(register);
      await moveTo(register, before, 'released');
      await register.retrievals.ask({ kind: 'Request', ids: [before] }, { way: 'restore', days: 0 }, 'test');
      await moveTo(register, before, 'restored', { tookMs: 50_000 }); // each bag holds one file of 1 GiB
    }
    const id = await started(register, [6]);
    await moveTo(register, id, 'released');
    const plan = await coldroom(['restore', `Request:${id}`, '--dry-run'], env);
    const rate =
      /^Time from store main: about (\d+) min, at the ([\d.]+) MiB\/s of the last 4 bags from this store$/m.exec(
        plan.stdout,
      );
    const [minutes, perSecond] = [Number(rate?.[1]), Number(rate?.[2])];
    expect(perSecond).toBeGreaterThan(60); // 4 GiB, as all ended at almost the same time: slightly more than 50 s
    expect(perSecond).toBeLessThanOrEqual(82);
    expect(minutes).toBe(Math.ceil((6 * 1024) / perSecond / 60));
    expect(json(await coldroom(['restore', `Request:${id}`, '--dry-run', '--json'], env))).toMatchObject({
      estimates: [
        {
          store: 'main',
          seconds: expect.any(Number),
          basis: { bags: 4, files: 4, bytes: `${4n << 30n}`, bytesPerSecond: expect.any(Number) },
        },
      ],
    });
  });

  it('puts back what is still held, without fetching', async () => {
    const id = await started(register);
    await moveTo(register, id, 'linked');
    const ended = coldroom(['restore', `Request:${id}`, '--yes', '--json'], env);
    await until('undoing');
    await moveTo(register, id, 'undone');
    expect(json(await ended)).toMatchObject({ asked: 0, undoing: 2, stuck: [] });
  });

  it('does not begin where there is not enough space', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    const full = '/proc'; // a file system that never has a byte to spare
    const refused = await coldroom(['restore', `Request:${id}`, '--yes', '--no-wait'], {
      ...env,
      OMERO_DATA_DIR: full,
    });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/are to be brought back, but only .* are free/),
    });
    expect(await due('retrieving')).toBe(0);
  });

  it('ends with 3 where a file is stuck, and does not wait for the rest of its fileset', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    const ended = coldroom(['restore', `Request:${id}`, '--yes'], env);
    await until('retrieving');
    await moveTo(register, id, 'fetchVerified');
    await stick(register, id, 'PATH_TAKEN');
    expect(await ended).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(
        /^Not all images are back: some files are stuck.*\nStuck: 1 file, PATH_TAKEN; next: something that is not ours/,
      ),
    });
    expect(await coldroom(['restore', `Request:${id}`, '--cancel', '--dry-run'], env)).toMatchObject({
      code: 0,
      stdout: 'Would be given up: 2 files, 2.00 GiB\n',
    });
    expect(await coldroom(['restore', `Request:${id}`, '--cancel', '--yes'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 files stay archived'),
    });
    expect(await coldroom(['restore', `Request:${id}`, '--cancel'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing of this is being fetched'),
    });
  });

  it('says how long a cold class takes', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-cli-'));
    const stores = join(dir, 'stores.yaml');
    writeFileSync(
      stores,
      `default: main
stores:
  main: { kind: s3, endpoint: "https://s3.example.org", bucket: archive, accessKeyFile: /k, secretKeyFile: /s, recallDirectory: /recalled, storageClass: DEEP_ARCHIVE, restoreTier: Bulk }
`,
    );
    expect(
      (await coldroom(['restore', `Request:${id}`, '--dry-run'], { ...env, COLDROOM_STORES: stores })).stdout,
    ).toContain(
      'Store main keeps them in DEEP_ARCHIVE: asked for by tier Bulk, up to 48 hours before they can be fetched',
    );
    rmSync(dir, { recursive: true });
  });

  it('does not know images that were never archived, and says so', async () => {
    expect(await coldroom(['restore', 'Image:999999', '--yes'], env)).toMatchObject({ code: 4 });
    const id = await started(register);
    expect(await coldroom(['restore', `Request:${id}`, '--yes'], env)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('not archived as a whole (their files are: approved)'),
    });
    expect(await coldroom(['restore', 'Well:3', '--yes'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Request:7 or Dataset:7 or Project:7 or Plate:7 or Screen:7'),
    });
    expect(await coldroom(['restore', 'dataset:3', '--yes'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean Dataset:3?'),
    });
  });

  it('asks OMERO which images are in a dataset', async () => {
    const omero = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_bring_back_omero', {
      existing: 'drop',
    });
    const dataDir = mkdtempSync(join(tmpdir(), 'coldroom-cli-'));
    try {
      await createOmeroSchema(omero);
      const tiny = await buildTinyOmero({
        databaseUrl: omero,
        dataDir,
        filesets: [{ files: [{ name: 'a.tif', size: 20 }], images: 1 }],
        mark: false,
      });
      const client = new pg.Client({ connectionString: omero });
      await client.connect();
      const {
        rows: [dataset],
      } = await client.query<{ parent: string }>('SELECT parent::text FROM datasetimagelink WHERE child = $1', [
        tiny.imageIds[0],
      ]);
      await client.end();
      const known = { ...env, OMERO_DATABASE_URL: omero };
      for (const unknown of ['Dataset:987654', 'Project:987654', 'Plate:987654', 'Screen:987654'])
        expect(await coldroom(['restore', unknown, '--yes'], known)).toMatchObject({
          code: 4,
          stderr: expect.stringContaining(unknown),
        });
      if (dataset)
        expect(await coldroom(['restore', `Dataset:${dataset.parent}`, '--yes'], known)).toMatchObject({
          code: 4,
          stderr: expect.stringContaining('archived image'),
        });
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});

describe('coldroom recall', () => {
  it.each(['0', '-1', '1.5', 'x', '99999'])('refuses --days %s', async (days) => {
    expect((await coldroom(['recall', 'Image:1', `--days=${days}`, '--yes'], env)).code).toBe(2);
  });

  it('says where there is nothing to recall', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    const dir = mkdtempSync(join(tmpdir(), 'coldroom-cli-'));
    const stores = join(dir, 'stores.yaml');
    writeFileSync(stores, 'default: main\nstores:\n  main: { kind: file, directory: /archive }\n');
    expect(await coldroom(['recall', `Request:${id}`, '--yes'], { ...env, COLDROOM_STORES: stores })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('lead to the copies themselves'),
    });
    rmSync(dir, { recursive: true });
  });

  it('recalls for a number of days, and prolongs what is online', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    expect(await coldroom(['recall', `Request:${id}`, '--days', '3', '--yes', '--no-wait'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 files requested back'),
    });
    expect(await coldroom(['recall', `Request:${id}`, '--days', '3', '--yes', '--no-wait'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('already: 2 files'),
    });
  });
});

describe('coldroom retrievals', () => {
  it('lists what was requested back, and shows how far it is', async () => {
    const id = await started(register);
    await moveTo(register, id, 'released');
    expect((await coldroom(['recall', `Request:${id}`, '--days', '3', '--yes', '--no-wait'], env)).code).toBe(0);
    const list = await coldroom(['retrievals', 'list', '--limit', '1'], env);
    expect(list.stdout).toMatch(new RegExp(`\\n +\\d+ +${id} +recall for 3 days +under way +2 +2 +2.00 GiB`));
    const { retrievals } = json<{ retrievals: { id: string }[] }>(
      await coldroom(['retrievals', 'list', '--json'], env),
    );
    const shown = await coldroom(['retrievals', 'show', retrievals[0]!.id], env);
    expect(shown.stdout).toMatch(/State +under way[^]*Files\n[^]*retrieving +2 +2.00 GiB/);
    expect((await coldroom(['retrievals', 'show', '1'], env)).code).toBe(4);
  });
});
