import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditCommand, type AuditDocument } from './testing/audit-command';
import { AuditScene } from './testing/audit-scene';
import { coldroomProcess, json, type Ended } from './testing/command-line';

let scene: AuditScene;

beforeAll(async () => {
  scene = await AuditScene.create('cli_audit');
  await scene.archive(
    'main',
    Array.from({ length: 250 }, () => 20),
  );
}, 180_000);
afterAll(() => scene.close());

const cli = (words: readonly string[] = [], changes: Record<string, string> = {}): Promise<Ended> =>
  auditCommand(scene, words, changes);

describe('an archive of 5,000 files without faults', () => {
  it('gives no output and exit code 0', async () => {
    const ended = await cli();
    expect(json(ended)).toMatchObject({
      clean: true,
      findings: [],
      notLookedAt: [],
      looked: { files: 5000, images: 250, held: 5000 },
    });
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    expect(await scene.register.auditRuns.list(1)).toMatchObject([
      { store: null, fix: false, failed: null, finishedAt: expect.any(Date), looked: { files: 5000 }, findings: [] },
    ]);
  });

  it('says so to people, too', async () => {
    const ended = await coldroomProcess(['audit'], scene.env);
    expect(ended.stdout).toMatch(/Looked at 5,000 files .*, 250 images in OMERO\.\nNothing is wrong\.\n$/);
  });

  it.each<[part: string, change: Record<string, string>, hide: string | undefined]>([
    ['OMERO database', { OMERO_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }, undefined],
    ['store main', {}, 'main/.coldroom-root'],
    ['ManagedRepository', {}, 'OMERO/ManagedRepository/.coldroom-root'],
    ['hold directory', {}, 'OMERO/.coldroom/hold/.coldroom-root'],
  ])('a part that is unavailable is not checked, and nothing is concluded from it: %s', async (part, change, hide) => {
    const hidden = hide && join(scene.dir, hide);
    if (hidden) await rename(hidden, `${hidden}.away`);
    const ended = await cli([], change);
    if (hidden) await rename(`${hidden}.away`, hidden);
    const { findings, notLookedAt } = json<AuditDocument>(ended);
    expect([ended.code, findings, notLookedAt.map((one) => one.part)]).toEqual([
      3,
      [],
      [expect.stringContaining(part)],
    ]);
  });

  it('a store that is no longer in the stores file is not checked either', async () => {
    const other = join(scene.dir, 'other.json');
    await writeFile(
      other,
      (await readFile(scene.storesFile, 'utf8'))
        .replaceAll('"main":', '"mains":')
        .replace('"default":"main"', '"default":"mains"'),
    );
    const ended = await cli([], { COLDROOM_STORES: other });
    const { findings, notLookedAt } = json<AuditDocument>(ended);
    expect([findings, notLookedAt.map((one) => one.part).sort()]).toEqual([[], ['store main', 'store mains']]);
    expect((await cli(['--store', 'mains'], {})).code).toBe(1);
  });

  it('ends with 5 for an unavailable register, 10 for missing settings, 2 for a usage error', async () => {
    expect((await cli([], { REGISTER_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' })).code).toBe(5);
    expect((await cli([], { OMERO_DATA_DIR: '' })).code).toBe(10);
    expect((await cli(['--limit', 'all'])).code).toBe(2);
  });
});
