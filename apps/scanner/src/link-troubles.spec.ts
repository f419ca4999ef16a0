import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TinyOmero } from '@coldroom/sample-omero';
import { ServersBioFormats } from './bio-formats';
import { Starter } from './starter';
import { Scene } from './testing/scene';

const names = (...all: string[]) => all.map((name) => ({ name, size: 20 }));
/** The first file of each is the one that OMERO opens. */
const plan = [
  { files: names('a_z0.ome.tif', 'a_z1.ome.tif', 'a.companion.ome'), images: 3 },
  { files: names('b.companion.ome', 'b_z0.ome.tif', 'b_z1.ome.tif') },
  { files: names('c_z0.ome.tif', 'c_z1.ome.tif') },
  { files: names('d.ome.tif') },
  { files: names('e.dv', 'e.log') },
];
const [companion, byCompanion, tiffs, single, other] = [0, 1, 2, 3, 4] as const;

describe('filesets that OMERO could not open through links', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.create('links_not_opened');
  });
  afterAll(() => scene.close());
  beforeEach(async () => {
    delete scene.bioFormats.setting;
    scene.log.lines.length = 0;
    await rm(join(scene.dataDir, 'BioFormatsCache'), { recursive: true, force: true });
  });

  const memo = async (version: string, name = 'x'): Promise<void> => {
    const path = join(scene.dataDir, `BioFormatsCache/OMERO/ManagedRepository/alice_2/.${name}.tif.bfmemo`);
    await mkdir(dirname(path), { recursive: true });
    const text = Buffer.from(version);
    text[text.length - 1]! |= 0x80;
    await writeFile(path, Buffer.concat([Buffer.of(8, 1), text, Buffer.of(1, 1)]));
  };

  async function scanned(filesets = plan): Promise<{ readonly tiny: TinyOmero; readonly requestId: bigint }> {
    const tiny = await scene.add(filesets);
    const report = await scene.scan.run('test');
    expect([report.requests.length, report.leftOut]).toEqual([1, []]);
    return { tiny, requestId: BigInt(report.requests[0]!.id) };
  }

  /** By fileset: the distinct codes of its files; null means accepted. */
  async function codes({ filesets }: TinyOmero): Promise<readonly (readonly (string | null)[])[]> {
    const all = await scene.register.reports.files({ limit: 100_000 });
    return filesets.map(({ id }) => [
      ...new Set(all.filter((file) => file.fileset === `Fileset:${id}`).map((file) => file.code)),
    ]);
  }

  const skipped = ['LINKS_NOT_OPENED'];
  test.each(['6.9.1', '6.12.0'])(
    'are skipped where a memo file names %s, each image with a reason and a remedy',
    async (version) => {
      await memo(version);
      const { tiny, requestId } = await scanned();
      expect(await codes(tiny)).toEqual([skipped, [null], skipped, [null], [null]]);
      const { id, imageIds } = tiny.filesets[companion]!;
      expect(await scene.register.reports.files({ fileset: `Fileset:${id}` })).toMatchObject(
        plan[companion]!.files.map(() => ({
          state: 'skipped',
          reason: expect.stringMatching(
            `^OMERO's Bio-Formats ${version} cannot open this through links: an OME-TIFF set with a companion file.* \\(ome/bioformats issue 3853\\)\\. upgrade to OMERO\\.server 5\\.6\\.8 or later; .*OMERO_BIOFORMATS_VERSION$`,
          ),
        })),
      );
      const images = await scene.register.reports.images(requestId, {}, 100);
      expect(images.filter((image) => image.fileset === `Fileset:${id}`).map((image) => Number(image.imageId))).toEqual(
        imageIds,
      );
    },
  );

  test.each(['6.6.0', '6.14.0', '7.3.1'])('are accepted where a memo file names %s', async (version) => {
    await memo(version);
    expect(await codes((await scanned()).tiny)).toEqual(plan.map(() => [null]));
  });

  test('are skipped where the version is unknown, with a reason that says why', async () => {
    const { tiny } = await scanned();
    expect(await codes(tiny)).toEqual([skipped, [null], skipped, [null], [null]]);
    const [file] = await scene.register.reports.files({ fileset: `Fileset:${tiny.filesets[tiffs]!.id}` });
    expect(file!.reason).toMatch(
      /^the version of OMERO's Bio-Formats is not known \(.*BioFormatsCache does not exist\)/,
    );
    expect(file!.reason).toMatch(/\. set OMERO_BIOFORMATS_VERSION to the version/);
  });

  test('are decided by the setting where there is one', async () => {
    await memo('7.3.1');
    scene.bioFormats.setting = '6.10.0';
    expect((await codes((await scanned()).tiny))[companion]).toEqual(skipped);
  });

  test('are recognised by the format that OMERO recorded where names do not show it', async () => {
    const tiny = await scene.add([{ files: names('f_z0.tif', 'f_z1.tif') }, { files: names('g_z0.tif', 'g_z1.tif') }]);
    await scene.sql(`UPDATE image SET format = (SELECT id FROM format WHERE value = 'OMETiff') WHERE fileset = $1`, [
      tiny.filesets[1]!.id,
    ]);
    await scene.scan.run('test');
    expect(await codes(tiny)).toEqual([[null], skipped]);
  });

  test('keep the code of a problem with the file itself', async () => {
    const tiny = await scene.add([plan[companion]!]);
    await rm(tiny.filesets[0]!.paths[1]!);
    await scene.scan.run('test');
    const fileset = `Fileset:${tiny.filesets[0]!.id}`;
    expect((await scene.register.reports.files({ fileset })).map(({ code }) => code)).toEqual([
      'LINKS_NOT_OPENED',
      'MISSING',
      'LINKS_NOT_OPENED',
    ]);
  });

  test('are not started if the version changed since the scan', async () => {
    scene.bioFormats.setting = '7.3.1';
    const { tiny, requestId } = await scanned();
    await scene.register.requests.approve(requestId, 'boss');
    scene.bioFormats.setting = '6.12.0';
    const start = (): Promise<void> => new Starter(scene.register, scene.closures, scene.stores, scene.log).run('test');
    await start();
    expect((await scene.register.requests.get(requestId))?.state).toBe('Approved');
    expect(scene.log.of('request not started')).toMatchObject([
      {
        code: 'LINKS_NOT_OPENED',
        reason: expect.stringContaining(`Fileset:${tiny.filesets[companion]!.id}: OMERO's Bio-Formats 6.12.0`),
      },
    ]);
    scene.bioFormats.setting = '6.14.0';
    await start();
    expect((await scene.register.requests.get(requestId))?.state).toBe('Running');
  });

  test('do not stop the others of their request from being started', async () => {
    scene.bioFormats.setting = '6.12.0';
    const { tiny, requestId } = await scanned();
    await scene.register.requests.approve(requestId, 'boss');
    await new Starter(scene.register, scene.closures, scene.stores, scene.log).run('test');
    const stateOf = async (nr: number) =>
      (await scene.register.reports.files({ fileset: `Fileset:${tiny.filesets[nr]!.id}` })).map(({ state }) => state);
    expect(await stateOf(companion)).toEqual(['skipped', 'skipped', 'skipped']);
    for (const nr of [byCompanion, single, other]) expect(new Set(await stateOf(nr))).toEqual(new Set(['approved']));
  });

  test('the version is looked up once in a while, and logged when it changes', async () => {
    await memo('7.3.1');
    const server = new ServersBioFormats({ dataDir: scene.dataDir }, scene.log);
    await server.get();
    await rm(join(scene.dataDir, 'BioFormatsCache'), { recursive: true });
    expect(await server.get()).toMatchObject({ version: '7.3.1', from: 'memo' });
    expect(scene.log.of('bio-formats version')).toMatchObject([{ version: '7.3.1' }]);
  });
});
