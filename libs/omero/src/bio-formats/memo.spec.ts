import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findBioFormats } from './find-version';
import { versionInMemo } from './memo';

/** The beginning of a memo file: Bio-Formats sets the high bit of the version's last character. */
function head(version: string): Buffer {
  const text = Buffer.from(version);
  text[text.length - 1]! |= 0x80;
  return Buffer.concat([Buffer.of(8, 1), text, Buffer.of(1, 1), Buffer.from('loci.formats.ImageReade')]);
}

describe('the version in a memo file', () => {
  it.each(['7.3.1', '6.11.1', '6.12.0', '8.5.0', '7.3'])('%s is read', (version) =>
    expect(versionInMemo(head(version))).toBe(version),
  );

  it.each<[string, Buffer]>([
    ['an empty file', Buffer.alloc(0)],
    ['two bytes only', Buffer.of(8, 1)],
    ['another layout', Buffer.concat([Buffer.of(6, 1), head('7.3.1').subarray(2)])],
    ['a text without an end', Buffer.concat([Buffer.of(8, 1), Buffer.alloc(62, 0x37)])],
    ['a text that is no version', head('${release.version}')],
    ['a number without dots', head('7')],
    ['something else', Buffer.from('II*\0\b\0\0\0 noise')],
  ])('%s is not known', (_what, bytes) => expect(versionInMemo(bytes)).toBeUndefined());
});

describe('the version of OMERO.server', () => {
  let dataDir: string;
  const cache = (...names: string[]): string => join(dataDir, 'BioFormatsCache', ...names);
  const lay = async (path: string, version: string, minute: number): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, head(version));
    await utimes(path, 0, new Date(2024, 0, 1, 0, minute));
  };
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'coldroom-memo-'));
    await lay(cache('OMERO/ManagedRepository/alice_2/2024-01/.a.tif.bfmemo'), '6.6.0', 1);
    await lay(cache('OMERO/ManagedRepository/bob_3/2023-01/.b.tif.bfmemo'), '6.11.1', 3);
    await lay(cache('OMERO/ManagedRepository/bob_3/2024-02/.c.tif.bfmemo'), '6.10.0', 2);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('is that of the memo file that was written last, wherever it is', async () => {
    expect(await findBioFormats({ dataDir })).toEqual({
      version: '6.11.1',
      from: 'memo',
      path: cache('OMERO/ManagedRepository/bob_3/2023-01/.b.tif.bfmemo'),
      writtenAt: new Date(2024, 0, 1, 0, 3),
    });
  });

  it('is that of the setting if there is one, whatever is on disk', async () => {
    expect(await findBioFormats({ dataDir, setting: '7.1.0' })).toEqual({ version: '7.1.0', from: 'setting' });
  });

  it('is not read from another file, a file being written, a link or a directory', async () => {
    await lay(cache('OMERO/.d.tif.bfmemo123'), '7.3.1', 9);
    await lay(cache('OMERO/d.tif.bfmemo'), '7.3.1', 9);
    await lay(join(dataDir, 'elsewhere/.e.tif.bfmemo'), '7.3.1', 9);
    await symlink(join(dataDir, 'elsewhere'), cache('linked'));
    await symlink(join(dataDir, 'elsewhere/.e.tif.bfmemo'), cache('.f.tif.bfmemo'));
    await mkdir(cache('.g.tif.bfmemo'));
    execFileSync('mkfifo', [cache('.h.tif.bfmemo')]);
    expect(await findBioFormats({ dataDir })).toMatchObject({ version: '6.11.1' });
  });

  it('is found below a cache that is itself a link, as OMERO may keep it on another disk', async () => {
    await rename(cache(), join(dataDir, 'other disk'));
    await symlink('other disk', cache());
    expect(await findBioFormats({ dataDir })).toMatchObject({ version: '6.11.1' });
  });

  it('is found below names that are not UTF-8', async () => {
    const directory = Buffer.concat([Buffer.from(cache('odd-')), Buffer.of(0xff)]);
    await mkdir(directory);
    await writeFile(Buffer.concat([directory, Buffer.from('/.\u00e9.tif.bfmemo', 'latin1')]), head('7.0.0'));
    expect(await findBioFormats({ dataDir })).toMatchObject({ version: '7.0.0' });
  });

  it('is not known if the newest memo file is not understood: older ones prove nothing', async () => {
    const path = cache('OMERO/.new.tif.bfmemo');
    await writeFile(path, 'something else');
    expect(await findBioFormats({ dataDir })).toEqual({
      version: null,
      reason: `${path} does not start like a known memo file`,
    });
  });

  it('is not known if there is no cache, or no memo file in it', async () => {
    await rm(cache('OMERO'), { recursive: true });
    expect(await findBioFormats({ dataDir })).toEqual({ version: null, reason: `${cache()}: there is no memo file` });
    await rm(cache(), { recursive: true });
    expect(await findBioFormats({ dataDir })).toEqual({ version: null, reason: `${cache()} does not exist` });
    await writeFile(cache(), '');
    expect(await findBioFormats({ dataDir })).toEqual({ version: null, reason: `${cache()} cannot be read (ENOTDIR)` });
  });

  it('is not known if part of the cache was not searched', async () => {
    expect(await findBioFormats({ dataDir }, { entries: 8, ms: 60_000 })).toEqual({
      version: null,
      reason: `${cache()}: it has more than 8 entries`,
    });
    expect(await findBioFormats({ dataDir }, { entries: 1000, ms: 0 })).toMatchObject({
      reason: expect.stringContaining('too many files to look at'),
    });
  });

  const asOther = process.geteuid?.() === 0 ? test : test.skip;
  asOther('is not known where a part of the cache may not be read', async () => {
    await chmod(cache('OMERO/ManagedRepository/alice_2'), 0o000);
    await chmod(dataDir, 0o755);
    process.seteuid!(65_534);
    try {
      expect(await findBioFormats({ dataDir })).toEqual({
        version: null,
        reason: `${cache()} cannot be read (EACCES)`,
      });
    } finally {
      process.seteuid!(0);
    }
  });
});
