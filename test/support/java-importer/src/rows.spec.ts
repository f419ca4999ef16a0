import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createUser, OmeroServer } from '@coldroom/sample-omero';
import { registerFileset } from './fileset';
import { openSession } from './index';
import { joinSession } from './session';
import { Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.make();
});
afterAll(() => scene.stop());
beforeEach(() => scene.fresh());

interface Entry {
  readonly fileset: string;
  readonly clientpath: string;
  readonly path: string;
  readonly name: string;
  readonly size: string;
  readonly hash: string;
  readonly hasher: string;
  readonly prefix: string;
  readonly comment: string | null;
}

/** The files of the session's filesets, in their order. */
async function entries(): Promise<readonly Entry[]> {
  const { rows } = await scene.client.query<Entry>(
    `SELECT f.id AS fileset, n.clientpath, o.path, o.name, o.size, o.hash, c.value AS hasher, f.templateprefix AS prefix, a.textvalue AS comment
     FROM session s JOIN event e ON e.session = s.id JOIN fileset f ON f.creation_id = e.id JOIN filesetentry n ON n.fileset = f.id
     JOIN originalfile o ON o.id = n.originalfile JOIN checksumalgorithm c ON c.id = o.hasher
     LEFT JOIN filesetannotationlink l ON l.parent = f.id
     LEFT JOIN annotation a ON a.id = l.child AND a.ns = 'openmicroscopy.org/omero/import/fileTransfer'
     WHERE s.uuid = $1 ORDER BY f.id, n.fileset_index`,
    [scene.key],
  );
  return rows;
}

const onDisk = ({ path, name }: Entry): string => join(scene.dir, 'OMERO/ManagedRepository', path, name);

test('a file gets the name, path, checksum and owner that a server gives it', async () => {
  const source = scene.file('raw/a: "1".tif', 'abc');
  expect(scene.import(['-n', 'My image', '-x', 'Of a cell', source]).code).toBe(0);
  const [entry] = await entries();
  expect(entry).toMatchObject({
    clientpath: source.slice(1).replace(`a: "1"`, `a; '1'`),
    name: `a; '1'.tif`,
    size: '3',
    hash: 'a9993e364706816aba3e25717850c26c9cd0d89d',
    hasher: 'SHA1-160',
    comment: null,
  });
  expect(entry!.path).toBe(entry!.prefix);
  expect(entry!.path).toMatch(
    new RegExp(`^alice_${scene.alice.id}/\\d{4}-\\d\\d/\\d\\d/\\d\\d-\\d\\d-\\d\\d\\.\\d{3}/$`),
  );
  expect(readFileSync(onDisk(entry!), 'utf8')).toBe('abc');
  const { rows } = await scene.client.query(
    `SELECT i.name, i.description, i.owner_id, i.group_id, i.permissions, p.path, p.name AS file, p.repo IS NOT NULL AS managed
     FROM image i JOIN pixels p ON p.image = i.id WHERE i.fileset = $1`,
    [entry!.fileset],
  );
  expect(rows).toEqual([
    {
      name: 'My image',
      description: 'Of a cell',
      owner_id: String(scene.alice.id),
      group_id: String(scene.alice.groupId),
      permissions: '-40',
      path: entry!.prefix.slice(0, -1),
      file: `a; '1'.tif`,
      managed: true,
    },
  ]);
});

test.each([
  ['Adler-32', '27014d02'],
  ['CRC-32', 'c2412435'],
  ['MD5-128', '900150983cd24fb0d6963f7d28e17f72'],
  ['Murmur3-32', 'fa93ddb3'],
  ['Murmur3-128', '6778ad3f3f3f96b4522dca264174a23b'],
  ['File-Size-64', '0300000000000000'],
])('%s is the checksum that is asked for', async (hasher, hash) => {
  const transfer = hasher.startsWith('Murmur') ? 'ln' : 'upload';
  scene.import([`--checksum-algorithm=${hasher}`, `--transfer=${transfer}`, scene.file('a.tif', 'abc')]);
  expect(await entries()).toMatchObject([{ hasher, hash, size: '3' }]);
});

test.each([
  ['upload', null, { links: 1, same: false, link: false }],
  ['upload_rm', 'UploadRmFileTransfer', { links: 1, same: false, link: false }],
  ['cp', 'CopyFileTransfer', { links: 1, same: false, link: false }],
  ['cp_rm', 'CopyMoveFileTransfer', { links: 1, same: false, link: false }],
  ['ln', 'HardlinkFileTransfer', { links: 2, same: true, link: false }],
  ['ln_rm', 'MoveFileTransfer', { links: 1, same: true, link: false }],
  ['ln_s', 'SymlinkFileTransfer', { links: 1, same: false, link: true }],
])('%s puts the file there in its way, and says so in a comment', async (transfer, comment, kind) => {
  const source = scene.file('a.tif');
  const { ino } = lstatSync(source);
  expect(scene.import([`--transfer=${transfer}`, source]).code).toBe(0);
  const [entry] = await entries();
  expect(entry!.comment).toBe(comment && `ome.formats.importer.transfers.${comment}`);
  const stat = lstatSync(onDisk(entry!));
  expect({ links: stat.nlink, same: stat.ino === ino, link: stat.isSymbolicLink() }).toEqual(kind);
  if (kind.link) expect(readlinkSync(onDisk(entry!))).toBe(source);
});

test.each([
  ['a companion file and its planes', ['s.companion.ome', 's_a.ome.tif', 's_b.ome.tif']],
  ['planes by number', ['s_1.ome.tif', 's_2.ome.tif']],
])('%s become one fileset, whichever of them is given', async (_what, names) => {
  for (const name of [...names, 'other.ome.tif']) scene.file(name);
  expect(scene.import([scene.path(names.at(-1)!)]).stdout).toMatch(/^Image:\d+\n$/);
  expect((await entries()).map(({ name }) => name)).toEqual(names);
});

test('a plate has wells, in a screen', async () => {
  const name = 'p&plates=1&plateRows=2&plateCols=3&fields=2.fake';
  const { stdout } = scene.import(['-T', 'Screen:name:Screens', scene.file(name, '')]);
  const { rows } = await scene.client.query(
    `SELECT w.row, w."column", count(*)::int AS fields FROM screen s JOIN screenplatelink l ON l.parent = s.id JOIN well w ON w.plate = l.child
     JOIN wellsample f ON f.well = w.id WHERE s.name = 'Screens' AND l.child = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
    [/^Plate:(\d+)\n$/.exec(stdout)?.[1]],
  );
  expect(rows).toEqual([0, 1].flatMap((row) => [0, 1, 2].map((column) => ({ row, column, fields: 2 }))));
});

test('filesets that are registered at the same time, the first of their user, get directories of their own', async () => {
  const place = { databaseUrl: scene.databaseUrl, dataDir: join(scene.dir, 'OMERO'), owner: 'self' } as const;
  const group = { id: scene.alice.groupId, name: 'microscopy', permissions: -40 };
  await createUser(scene, { omename: 'new', firstname: 'N', lastname: 'N', group });
  scene.key = await openSession(scene.databaseUrl, { omename: 'new', group: 'microscopy' });
  const source = scene.file('a.tif');
  const servers = await Promise.all(Array.from({ length: 8 }, () => OmeroServer.open(place)));
  try {
    const made = servers.map(async (server) => {
      const session = await joinSession(server.client, scene.key);
      return registerFileset(server, session, { sources: [source], transfer: 'upload', algorithm: 'SHA1-160' });
    });
    expect(new Set((await Promise.all(made)).map(({ prefix }) => prefix)).size).toBe(8);
  } finally {
    for (const server of servers) await server.client.end();
  }
});
