import { link, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BioFormatsVersion } from '@coldroom/local';
import { RealBioFormats, type Opened } from '../testing/real-bio-formats';
import { findBioFormats } from './find-version';
import { isAffected, troublesOf } from './link-troubles';

const maker = RealBioFormats.get('7.3.1');

/** What OMERO's database contains for such a set when it is opened by this file. */
const openingOf = (names: readonly string[], openedBy: string) => ({
  filesetId: 1n,
  files: names.length,
  companions: names.filter((name) => name.endsWith('.companion.ome')).length,
  openedBy: [openedBy],
  formats: ['OMETiff'],
});

describe.each<BioFormatsVersion>(['7.3.1', '6.11.1'])('the real Bio-Formats %s', (version) => {
  const bioFormats = maker && RealBioFormats.get(version);
  const real = bioFormats ? test : test.skip;
  let dataDir: string;
  let names: readonly string[];
  let opened: Opened;
  const originals = (): string => join(dataDir, 'ManagedRepository');
  const usesLinksOnly = (file: string): boolean =>
    opened.used.get(join(originals(), file))!.every((path) => path.startsWith(`${originals()}/`));

  beforeAll(async () => {
    if (!bioFormats) return;
    dataDir = await mkdtemp(join(tmpdir(), 'coldroom-bio-formats-'));
    const store = join(dataDir, 'store');
    for (const directory of [originals(), store, join(dataDir, 'BioFormatsCache')]) await mkdir(directory);
    maker!.makeSets(originals());
    names = await readdir(originals());
    for (const name of names) {
      await link(join(originals(), name), join(store, name));
      await symlink(join(store, name), join(originals(), `${name}.new`));
      await rename(join(originals(), `${name}.new`), join(originals(), name));
    }
    opened = bioFormats.open(
      join(dataDir, 'BioFormatsCache'),
      names.map((name) => join(originals(), name)),
    );
  }, 400_000);
  afterAll(async () => {
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  real('is the version that is found in the memo files it wrote', async () => {
    expect(opened.version).toBe(version);
    expect(await findBioFormats({ dataDir })).toMatchObject({ version, from: 'memo' });
  });

  real('opens through links what the table does not name, and only with trouble what it names', () => {
    const followed = names.filter((name) => !usesLinksOnly(name));
    const expected = names.filter((name) => {
      const set = names.filter((other) => other.split(/[_.]/)[0] === name.split(/[_.]/)[0]);
      return troublesOf(openingOf(set, name)).some((trouble) => isAffected({ version, from: 'setting' }, trouble));
    });
    // Without a companion file, names do not show which file has the metadata: the table names more than is affected.
    expect(expected).toEqual(expect.arrayContaining(followed));
    expect(followed.sort()).toEqual(
      version === '7.3.1'
        ? []
        : ['master_1.ome.tif', 'master_2.ome.tif', 'set_0.ome.tif', 'set_1.ome.tif', 'set_2.ome.tif'],
    );
    expect(expected).not.toContain('set.companion.ome');
  });
});
