import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { realBioFormats } from './index';
import { Scene } from './testing/scene';

const bioFormats = realBioFormats();
let scene: Scene;

/** Writes images by Bio-Formats' own converter, in the directory of the sources. */
function convert(...words: readonly string[]): void {
  const { java, classPath } = bioFormats!;
  mkdirSync(scene.path('.'), { recursive: true });
  execFileSync(
    java,
    ['-XX:TieredStopAtLevel=1', '-cp', classPath, 'loci.formats.tools.ImageConverter', '-no-upgrade', ...words],
    {
      cwd: scene.path('.'),
      stdio: 'ignore',
    },
  );
}

(bioFormats ? describe : describe.skip)('files that a real Bio-Formats looks at', () => {
  beforeAll(async () => {
    scene = await Scene.make(bioFormats);
  });
  afterAll(() => scene.stop());
  beforeEach(() => scene.fresh());

  test('a set with a companion file is one fileset, of which the companion is opened', async () => {
    convert('-option', 'ometiff.companion', 's.companion.ome', 'x&sizeX=16&sizeY=8&sizeZ=3.fake', 's_%z.ome.tif');
    const path = scene.path('s_1.ome.tif');
    const listed = scene.import(['-f', path]).stdout.split('\n');
    expect(listed[1]).toBe(
      `# Group: ${scene.path('s.companion.ome')} SPW: false Reader: loci.formats.in.OMETiffReader`,
    );
    expect(listed.slice(2, -1).sort()).toEqual(
      ['s.companion.ome', 's_0.ome.tif', 's_1.ome.tif', 's_2.ome.tif'].map((name) => scene.path(name)),
    );
    const id = /^Image:(\d+)\n$/.exec(scene.import([scene.path('.')]).stdout)?.[1];
    const { rows } = await scene.client.query(
      `SELECT f.value AS format, p.name, p.sizex, p.sizey, p.sizez, (SELECT count(*)::int FROM filesetentry n WHERE n.fileset = i.fileset) AS files
       FROM image i JOIN pixels p ON p.image = i.id JOIN format f ON f.id = i.format WHERE i.id = $1`,
      [id],
    );
    expect(rows).toEqual([{ format: 'OMETiff', name: 's.companion.ome', sizex: 16, sizey: 8, sizez: 3, files: 4 }]);
  });

  test('a plate has the wells that its metadata has', async () => {
    const name = 'p&sizeX=8&sizeY=8&plates=1&plateRows=2&plateCols=2&fields=1&plateAcqs=1.fake';
    const { stdout } = scene.import(['--output=yaml', scene.file(name, '')]);
    const plate = /Plate: \[(\d+)\]\n {2}Image: \[\d+,\d+,\d+,\d+\]/.exec(stdout)?.[1];
    const { rows } = await scene.client.query(`SELECT "row", "column" FROM well WHERE plate = $1 ORDER BY 1, 2`, [
      plate,
    ]);
    expect(rows).toEqual([0, 0, 1, 1].map((row, index) => ({ row, column: index % 2 })));
  });

  test('a file that is no image and one that is broken end with different codes', () => {
    const [text, empty, broken] = [scene.file('a.txt', 'x'), scene.file('e.tif', ''), scene.file('b.tif', 'no TIFF')];
    expect(scene.import([text]).code).toBe(1);
    expect(scene.import([empty])).toMatchObject({ code: 0, stderr: expect.stringContaining('due to errors') });
    expect(scene.import([broken])).toMatchObject({ code: 0, stderr: expect.stringContaining('due to errors') });
  });
});
