import { createHash, randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Client } from 'pg';
import { createDatabase } from '@coldroom/local';
import { buildSampleOmero, buildTinyOmero, legacyPath, type SampleReport, type SpecialKind } from './index';

const folder = mkdtempSync(join(tmpdir(), 'sample-omero-'));
const dataDir = join(folder, 'OMERO');
let report: SampleReport;
let client: Client;

const newDatabase = (): Promise<string> =>
  createDatabase(process.env['TEST_POSTGRES_URL'] ?? '', `sample_${randomUUID()}`);

async function list<T>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
  return (await client.query<{ one: T }>(`SELECT one FROM (${sql}) AS t (one)`, [...values])).rows.map(
    ({ one }) => one,
  );
}

function filesOf(kind: SpecialKind): string[] {
  return report.special[kind].files.map((path) => join(dataDir, path));
}

beforeAll(async () => {
  const databaseUrl = await newDatabase();
  report = await buildSampleOmero({
    databaseUrl,
    dataDir,
    images: 30,
    fileSize: 2_000,
    reportFile: join(folder, 'sample.json'),
  });
  client = new Client({ connectionString: databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  rmSync(folder, { recursive: true });
});

test('the report matches the database', async () => {
  expect(JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8'))).toEqual(report);
  expect(await list('SELECT count(*)::int FROM image')).toEqual([report.images]);
  expect(await list('SELECT count(*)::int FROM fileset')).toEqual([report.filesets]);
  for (const [kind, made] of Object.entries(report.special)) {
    if (kind !== 'failed-import') expect([kind, made.imageIds.length > 0]).toEqual([kind, true]);
    expect([kind, made.files.length > 0]).toEqual([kind, true]);
  }
  expect(
    await list(`SELECT count(*)::int FROM wellsample ws JOIN well w ON w.id = ws.well WHERE ws.image = ANY($1)`, [
      report.special.plate.imageIds,
    ]),
  ).toEqual([300]);
  expect(
    await list('SELECT count(*)::int FROM image WHERE fileset = ANY($1) GROUP BY fileset', [
      report.special['partly-marked'].filesets,
    ]),
  ).toEqual([5]);
  expect(await list('SELECT id FROM fileset f WHERE NOT EXISTS (SELECT 1 FROM image WHERE fileset = f.id)')).toEqual(
    report.special['failed-import'].filesets.map(String),
  );
  expect(
    await list(
      `SELECT count(*)::int FROM pixelsoriginalfilemap m JOIN pixels p ON p.id = m.child WHERE p.image = ANY($1) GROUP BY m.parent ORDER BY m.parent`,
      [report.special['legacy-chain'].imageIds],
    ),
  ).toEqual([1, 2, 2]);
});

test('size and hash of each file match the bytes on disk, except where they are meant not to', async () => {
  const { rows } = await client.query<{ path: string; size: string; hash: string | null; hasher: string | null }>(
    `SELECT path || name AS path, size, hash, c.value AS hasher FROM originalfile o JOIN filesetentry e ON e.originalfile = o.id
     LEFT JOIN checksumalgorithm c ON c.id = o.hasher WHERE o.repo = $1`,
    [report.managedUuid],
  );
  const misfits = new Map<string, string>();
  for (const { path, size, hash, hasher } of rows) {
    const full = `${dataDir}/ManagedRepository/${path}`;
    if (!existsSync(full)) {
      misfits.set(path, 'missing');
      continue;
    }
    const bytes = readFileSync(full);
    expect([path, bytes.length]).toEqual([path, Number(size)]);
    const reversedCrc = (): string => {
      const four = Buffer.alloc(4);
      four.writeUInt32LE(crc32(bytes));
      return four.toString('hex');
    };
    const right =
      hasher === 'SHA1-160'
        ? createHash('sha1').update(bytes).digest('hex')
        : hasher === 'MD5-128'
          ? createHash('md5').update(bytes).digest('hex')
          : hasher === 'CRC-32'
            ? reversedCrc()
            : hasher === null
              ? 'some hash'
              : hash;
    if (hash !== right) misfits.set(path, hash === null ? 'none' : 'wrong');
  }
  expect(rows.length).toBeGreaterThan(350);
  expect([...misfits.values()].sort()).toEqual(['missing', 'none', 'wrong']);
  expect(
    [...misfits.keys()].every((path) =>
      ['missing-file', 'no-hash', 'wrong-hash'].some((kind) =>
        report.special[kind as SpecialKind].files.includes(`ManagedRepository/${path}`),
      ),
    ),
  ).toBe(true);
});

test('the database knows everything in the repository, and every directory has its row', async () => {
  const known = new Set(
    await list<string>('SELECT ltrim(path || name, $2) FROM originalfile WHERE repo = $1', [report.managedUuid, '/']),
  );
  const found = readdirSync(join(dataDir, 'ManagedRepository'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.startsWith('.omero'),
  );
  expect(found.filter((path) => !known.has(path))).toEqual([]);
  expect(known.size - found.length).toBe(1); // the missing file
});

test('the special files are what they are called', async () => {
  const [link = ''] = filesOf('in-place-symlink');
  expect(readlinkSync(link).startsWith(`${report.outsideDir}/`)).toBe(true);
  expect(filesOf('hard-link').map((path) => statSync(path).nlink)).toEqual([2]);
  expect(filesOf('missing-file').map((path) => existsSync(path))).toEqual([true, false]);
  const [sparse = ''] = filesOf('sparse');
  expect(statSync(sparse).blocks * 512).toBeLessThan(statSync(sparse).size / 2);
  expect(filesOf('empty-companion').map((path) => statSync(path).size)).toEqual([2_000, 0]);
  expect(filesOf('nanosecond-mtime').map((path) => statSync(path, { bigint: true }).mtimeNs % 1_000_000_000n)).toEqual([
    123_456_789n,
  ]);
  expect(filesOf('fs-pyramid').map((path) => path.endsWith('_pyramid'))).toEqual([false, true]);
  expect(filesOf('odd-name').filter((path) => !lstatSync(path).isFile())).toEqual([]);
  const pixels = await list<string>(`SELECT p.id FROM pixels p WHERE image = ANY($1) ORDER BY 1`, [
    report.special['legacy-pixels-only'].imageIds,
  ]);
  expect(pixels.map((id) => legacyPath('Pixels', Number(id)))).toEqual(report.special['legacy-pixels-only'].files);
  expect(report.special['legacy-pyramid-only'].files.map((path) => path.replace(/\d+/g, 'N')).sort()).toEqual([
    'Files/N',
    'Pixels/Dir-N/N_pyramid',
  ]);
  expect(
    await list(
      'SELECT hash = upper(hash) FROM originalfile o JOIN pixelsoriginalfilemap m ON m.parent = o.id JOIN pixels p ON p.id = m.child WHERE p.image = ANY($1)',
      [report.special['upper-case-hash'].imageIds],
    ),
  ).toEqual([true]);
  const repository = readFileSync(
    join(
      dataDir,
      'ManagedRepository/.omero/repository',
      (await list<string>(`SELECT value FROM configuration WHERE name = 'omero.db.uuid'`))[0] ?? '',
      'repo_uuid',
    ),
  );
  expect([repository.readUInt16BE(), repository.subarray(2).toString()]).toEqual([36, report.managedUuid]);
  if (process.getuid?.() === 0)
    expect(
      filesOf('odd-name')
        .map((path) => statSync(path).uid)
        .every((uid) => uid === 1000),
    ).toBe(true);
});

test('marks are as the older script leaves them, and many images have none', async () => {
  const marked =
    await list<string>(`SELECT DISTINCT l.parent FROM imageannotationlink l JOIN annotation a ON a.id = l.child JOIN image i ON i.id = l.parent
    WHERE a.discriminator = '/map/' AND a.ns = 'archiving' AND a.name = 'TO-ARCHIVE' AND a.owner_id = i.owner_id AND a.group_id = i.group_id ORDER BY 1`);
  expect(marked.map(Number)).toEqual(report.marked);
  expect(new Set(report.marked).has(report.special['marked-by-stranger'].imageIds[0] ?? 0)).toBe(false);
  expect(report.images - report.marked.length).toBeGreaterThan(report.images / 4);
  expect(
    await list(`SELECT DISTINCT a.description FROM annotation a WHERE a.name = 'ARCHIVE NOTE' ORDER BY 1`),
  ).toEqual(['Owner : 2 : alice', 'Owner : 3 : bob', 'Owner : 4 : carol', 'Owner : 5 : dana']);
  expect(
    await list(`SELECT string_agg(v.name || '=' || v.value, ';' ORDER BY index) FROM annotation a JOIN annotation_mapvalue v ON v.annotation_id = a.id
    WHERE a.name = 'ARCHIVE NOTE' AND a.description = 'Owner : 2 : alice'`),
  ).toEqual(['Owner id=2;Owner=alice;Expiry=10;Description=Finished project of alice']);
  expect(await list(`SELECT count(*)::int FROM event WHERE status = 'TRIGGERED'`)).toEqual([0]);
  expect(
    await list(
      `SELECT count(*)::int FROM imageannotationlink l JOIN image i ON i.id = l.parent WHERE l.group_id <> i.group_id`,
    ),
  ).toEqual([0]);
});

test("the same seed gives the same server, also if the files are to be the caller's own", async () => {
  const place = join(folder, 'again', 'OMERO');
  const again = await buildSampleOmero({
    databaseUrl: await newDatabase(),
    dataDir: place,
    images: 30,
    fileSize: 2_000,
    owner: 'self',
  });
  expect({ ...again, dataDir, outsideDir: report.outsideDir }).toEqual(report);
  const [file = ''] = again.special.plate.files.slice(-1);
  for (const path of [join(place, file), join(place, 'ManagedRepository')])
    expect(statSync(path).uid).toBe(process.getuid?.());
  expect(readFileSync(join(place, file)).equals(readFileSync(join(dataDir, file)))).toBe(true);
});

test('a tiny OMERO has exactly what was requested, and accepts more', async () => {
  const databaseUrl = await newDatabase();
  const place = join(folder, 'tiny', 'OMERO');
  const first = await buildTinyOmero({
    databaseUrl,
    dataDir: place,
    mark: true,
    filesets: [
      {
        files: [
          { name: 'a.tif', content: Buffer.from('abc') },
          { name: 'sub/b.tif', size: 10 },
        ],
        images: 2,
      },
    ],
  });
  const second = await buildTinyOmero({
    databaseUrl,
    dataDir: place,
    filesets: [{ files: [{ name: 'a.tif', size: 10, place: 'symlink' }] }],
  });
  expect(readFileSync(first.filesets[0]?.paths[0] ?? '', 'utf8')).toBe('abc');
  expect(first.imageIds.length).toBe(2);
  expect(second.user).toEqual(first.user);
  expect(second.filesets[0]?.paths[0]).not.toBe(first.filesets[0]?.paths[0]);
  const tiny = new Client({ connectionString: databaseUrl });
  await tiny.connect();
  const { rows } = await tiny.query<{ parent: string }>(
    `SELECT l.parent FROM imageannotationlink l JOIN annotation a ON a.id = l.child WHERE a.name = 'TO-ARCHIVE' ORDER BY 1`,
  );
  await tiny.end();
  expect(rows.map(({ parent }) => Number(parent))).toEqual(first.imageIds);
});
