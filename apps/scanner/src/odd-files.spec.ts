import { execFileSync } from 'node:child_process';
import { link, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TinyOmero } from '@coldroom/sample-omero';
import type { ScanReport } from './scan';
import { Scene } from './testing/scene';

/** Filesets of one file each: what is unusual about the file, and what the scan has to report. */
const long = (bytes: number): string => `${'ö'.repeat((bytes - 4 - (bytes % 2)) / 2)}${bytes % 2 ? 'o' : ''}.tif`;
const cases: Readonly<Record<string, { readonly code: string | null; readonly reason?: RegExp }>> = {
  'plain.tif': { code: null },
  'new\nline.tif': { code: null },
  'nohash.tif': { code: null },
  'nohasher.tif': { code: null },
  'nosize.tif': { code: null },
  'upward.tif': {
    code: 'PATH_NOT_ALLOWED',
    reason: /The path ".*\/\.\.\/\.\.\/etc\/passwd" is not allowed: it has a "\." or "\.\." component/,
  },
  'dot.tif': { code: 'PATH_NOT_ALLOWED', reason: /"\." or "\.\." component/ },
  'absolute.tif': { code: 'PATH_NOT_ALLOWED', reason: /The path "\/etc\/hostname" is not allowed: it is not relative/ },
  'empty.tif': { code: 'PATH_NOT_ALLOWED', reason: /The path "" is not allowed: it is empty/ },
  'double.tif': { code: 'PATH_NOT_ALLOWED', reason: /it has an empty component/ },
  'directory-name.tif': { code: 'PATH_NOT_ALLOWED', reason: /it has an empty component/ },
  'toolong.tif': { code: 'PATH_NOT_ALLOWED', reason: /a component is longer than 255 bytes/ },
  'badutf8.tif': { code: 'MISSING', reason: /OMERO names this file, but it is not on disk/ },
  'gone.tif': { code: 'MISSING', reason: /not on disk/ },
  'negative.tif': { code: 'SIZE_DIFFERS', reason: /OMERO recorded a size of -5 bytes/ },
  'short.tif': { code: 'SIZE_DIFFERS', reason: /OMERO recorded 100 bytes, the file has 40/ },
  'sha512.tif': { code: 'HASH_ALGORITHM_UNKNOWN', reason: /"SHA2-512", which this version cannot compute/ },
  'fifo.tif': { code: 'NOT_A_REGULAR_FILE', reason: /a device, pipe or socket is/ },
  'device.tif': { code: 'NOT_A_REGULAR_FILE', reason: /a device, pipe or socket is/ },
  'folder.tif': { code: 'NOT_A_REGULAR_FILE', reason: /a directory is/ },
  'looped.tif': { code: 'ALREADY_A_LINK', reason: /the path is already a link/ },
  'dangling.tif': { code: 'ALREADY_A_LINK', reason: /the path is already a link/ },
  'inplace.tif': { code: 'ALREADY_A_LINK', reason: /the path is already a link/ },
  'hardlink.tif': { code: 'HARD_LINKED', reason: /the file has 2 names; archiving this one would free nothing/ },
  'sub/linkedparent.tif': { code: 'PARENT_NOT_A_DIRECTORY', reason: /\/sub" is a link or not a directory/ },
  'sub2/fileparent.tif': { code: 'PARENT_NOT_A_DIRECTORY', reason: /\/sub2" is a link or not a directory/ },
};

describe('odd files', () => {
  let scene: Scene;
  let tiny: TinyOmero;
  let report: ScanReport;
  const names = Object.keys(cases);
  const at = (name: string): string => tiny.filesets[names.indexOf(name)]!.paths[0]!;

  beforeAll(async () => {
    scene = await Scene.create('odd');
    tiny = await scene.add(
      names.map((name) => ({
        files: [
          {
            name,
            size: 100,
            ...(name === 'inplace.tif' ? { place: 'symlink' as const } : {}),
            ...(name === 'gone.tif' ? { place: 'missing' as const } : {}),
          },
          { name: `beside ${name.replace('/', ' ')}`, size: 10 },
        ],
      })),
    );
    const row = async (name: string, change: string): Promise<void> => {
      const [file] = await scene.sql<{ id: bigint }>(
        `SELECT o.id FROM originalfile o JOIN filesetentry e ON e.originalfile = o.id WHERE e.fileset = $1 AND e.fileset_index = 0`,
        [tiny.filesets[names.indexOf(name)]!.id],
      );
      await scene.sql(`UPDATE originalfile SET ${change} WHERE id = $1`, [file!.id]);
    };
    await row('nohash.tif', 'hash = NULL');
    await row('nohasher.tif', 'hasher = NULL');
    await row('nosize.tif', 'size = NULL');
    await row('upward.tif', `path = path || '../../etc/', name = 'passwd'`);
    await row('dot.tif', `path = path || './'`);
    await row('absolute.tif', `path = '/etc/', name = 'hostname'`);
    await row('empty.tif', `path = '', name = ''`);
    await row('double.tif', `path = path || '/'`);
    await row('directory-name.tif', `name = name || '/'`);
    await row('toolong.tif', `name = '${'a'.repeat(252)}.tif'`);
    await row('negative.tif', 'size = -5');
    await scene.sql(`INSERT INTO checksumalgorithm (id, permissions, value) VALUES (9999, -52, 'SHA2-512')`);
    await row('sha512.tif', 'hasher = 9999');
    await truncate(at('short.tif'), 40);
    await rename(
      at('badutf8.tif'),
      Buffer.concat([
        Buffer.from(dirname(at('badutf8.tif'))),
        Buffer.from('/bad'),
        Buffer.of(0xff, 0xfe),
        Buffer.from('.tif'),
      ]),
    );
    for (const name of ['fifo.tif', 'device.tif', 'folder.tif', 'looped.tif', 'dangling.tif']) await rm(at(name));
    execFileSync('mkfifo', [at('fifo.tif')]);
    execFileSync('mknod', [at('device.tif'), 'c', '1', '5']); // /dev/zero: reading it would never end
    await mkdir(at('folder.tif'));
    await symlink('looped.tif', at('looped.tif'));
    await symlink('nowhere', at('dangling.tif'));
    await link(at('hardlink.tif'), join(scene.dataDir, 'another name'));
    const sub = dirname(at('sub/linkedparent.tif'));
    await rename(sub, `${sub}-moved`);
    await symlink('sub-moved', sub);
    const sub2 = dirname(at('sub2/fileparent.tif'));
    await rename(sub2, `${sub2}-moved`);
    await writeFile(sub2, '');
    report = await scene.scan.run('test');
  });
  afterAll(() => scene.close());

  test('all of them are in one request: none is silently omitted', async () => {
    expect(report).toMatchObject({
      marks: names.length,
      known: 0,
      ignoredCount: 0,
      leftOut: [],
      requests: [{ requester: 'alice', markedImages: names.length }],
    });
    expect(await scene.register.requests.get(BigInt(report.requests[0]!.id))).toMatchObject({
      state: 'New',
      filesets: names.length,
    });
    expect(await scene.register.reports.files({ limit: 1000 })).toHaveLength(2 * names.length);
  });

  const harmless = ['ALREADY_A_LINK', 'HARD_LINKED'];

  test.each(Object.entries(cases))('%j', async (name, { code, reason }) => {
    const fileset = `Fileset:${tiny.filesets[names.indexOf(name)]!.id}`;
    const [odd, beside] = await scene.register.reports.files({ fileset });
    if (code === null)
      expect(odd).toMatchObject({
        state: 'registered',
        code: null,
        path: expect.stringContaining(name === 'new\nline.tif' ? 'new\\x0aline.tif' : name),
      });
    else expect(odd).toMatchObject({ state: 'skipped', code, reason: expect.stringMatching(reason!) });
    // A fileset with a file that cannot be accepted stays whole, and the report names that file.
    if (code === null || harmless.includes(code)) expect(beside).toMatchObject({ state: 'registered', code: null });
    else
      expect(beside).toMatchObject({
        state: 'skipped',
        code: 'FILESET_INCOMPLETE',
        reason: `another file of this fileset cannot be taken: ${odd!.path} (${code})`,
      });
  });

  test('a hash or hasher that OMERO does not have is not invented', async () => {
    const files = await scene.filesByName();
    expect([
      files.get('nohash.tif')?.omeroHash,
      files.get('nohasher.tif')?.omeroHash,
      files.get('plain.tif')?.omeroHash?.algorithm,
    ]).toEqual([null, null, 'SHA1-160']);
    expect(files.get('nosize.tif')?.size).toBe(100n);
  });

  test('a name of 255 bytes is accepted', async () => {
    const name = long(255);
    expect(Buffer.byteLength(name)).toBe(255);
    const {
      filesets: [fileset],
    } = await scene.add([{ files: [{ name, size: 3 }] }]);
    await scene.scan.run('test');
    expect(await scene.register.reports.files({ fileset: `Fileset:${fileset!.id}` })).toMatchObject([
      { state: 'registered', path: expect.stringContaining(name) },
    ]);
  });
});
