import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { markerName } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import type { Workbench } from '@coldroom/pipeline/testing';
import { migrate, Register, type Claim, type FileListing } from '@coldroom/register';
import { archive, settingsOf, workbench } from './testing/archived';
import { coldroom, json } from './testing/command-line';

let bench: Workbench;
let env: Record<string, string>;
let rebuilt: Register;
let runs = 0;

beforeEach(async () => {
  runs += 1;
  bench = await workbench(`rebuild${runs}`);
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `rebuilt${runs}_${process.pid}`, {
    existing: 'drop',
  });
  await migrate(url);
  rebuilt = new Register(url);
  env = await settingsOf(bench, url);
});
afterEach(async () => {
  await rebuilt.close();
  await bench.close();
});

interface Report {
  readonly bags: {
    readonly found: number;
    readonly rebuilt: number;
    readonly known: number;
    readonly validations: number;
  };
  readonly foreign: { readonly count: number; readonly names: readonly string[] };
  readonly requests: number;
  readonly files: Readonly<Record<string, number>>;
  readonly leftOut: {
    readonly count: number;
    readonly listed: readonly { readonly bag: string; readonly code: string }[];
  };
  readonly copies: { readonly listed: readonly { readonly path: string; readonly code: string }[] };
  readonly links: {
    readonly count: number;
    readonly listed: readonly { readonly path: string; readonly reason: string }[];
  };
  readonly held: { readonly listed: readonly { readonly bag: string; readonly files: number; readonly of: number }[] };
  readonly unlisted: number;
}
const run = async (...words: string[]): Promise<{ code: number | null; report: Report; stderr: string }> => {
  const ended = await coldroom(['rebuild', '--json', ...words], env);
  return {
    code: ended.code,
    stderr: ended.stderr,
    report: ended.stdout === '' ? (undefined as unknown as Report) : json<Report>(ended),
  };
};
const bytes = (name: string, length = 100): Buffer => Buffer.alloc(length, name);
const bagDirectory = (id: bigint): string => join(bench.storeDir, `request-${id}-bag-1`);
const open = (path: string): void => {
  for (const each of [path, ...readdirSync(path, { recursive: true }).map((name) => join(path, name.toString()))])
    chmodSync(each, 0o755);
};

/** What must be the same for a file in two registers, whatever its number. */
async function rowsOf(register: Register): Promise<readonly Record<string, unknown>[]> {
  const files = await register.reports.files({ limit: 1000 });
  const plain = ({
    requestId,
    bag,
    store,
    fileset,
    root,
    path,
    size,
    state,
    code,
    originalFileId,
    omeroHash,
    digests,
  }: FileListing): Record<string, unknown> => ({
    requestId,
    bag,
    store,
    fileset,
    root,
    path,
    size,
    state,
    code,
    originalFileId,
    omeroHash,
    digests: digests['SHA-256'],
  });
  return files
    .map(plain)
    .sort((one, other) =>
      `${String(one['bag'])}${String(one['path'])}` < `${String(other['bag'])}${String(other['path'])}` ? -1 : 1,
    );
}
async function linkedBag(register: Register): Promise<Claim> {
  const [due] = await register.claims.due(['linked']);
  return (await register.claims.claim(due!.bagId, ['linked'], 'test', 1000))!;
}
const imagesOf = async (register: Register): Promise<unknown> =>
  (
    await Promise.all(
      (await register.requests.list()).map(async ({ id }) =>
        (await register.reports.images(id)).map(({ imageId, fileset }) => `${id} ${imageId} ${fileset}`),
      ),
    )
  )
    .flat()
    .sort();

it('fills an empty register with the content of the lost one', async () => {
  const omeroHash = { algorithm: 'MD5-128', value: 'ABC' };
  const gone = await archive(bench, { 'Fileset:2': [{ path: 'ada_3/e.tif', content: bytes('e') }] }, 'released');
  const held = await archive(bench, {
    'Fileset:1': [
      { path: 'ada_3/a.tif', content: bytes('a'), omeroHash },
      { path: Buffer.from([0x66, 0xff, 0x0a]), content: bytes('b') },
      { path: 'ada_3/new\nline\\', content: bytes('c', 0) },
    ],
    'Legacy:7': [{ path: 'Dir-001/1000', content: bytes('d'), root: 'Pixels' }],
  });
  const { code, report } = await run();
  expect({ code, report }).toMatchObject({
    code: 0,
    report: {
      bags: { found: 2, rebuilt: 2 },
      requests: 2,
      files: { linked: 4, released: 1, skipped: 0 },
      leftOut: { count: 0 },
    },
  });
  expect(await rowsOf(rebuilt)).toEqual(await rowsOf(bench.register));
  expect(await imagesOf(rebuilt)).toEqual(await imagesOf(bench.register));
  expect((await rebuilt.requests.list()).map(({ id, state, owner, group }) => ({ id, state, owner, group }))).toEqual(
    [held, gone].map((id) => ({ id, state: 'Finished', owner: 'ada', group: 'Lab' })),
  );
  expect((await rebuilt.marks.pending()).map(({ wanted }) => wanted)).toEqual(['archived', 'archived', 'archived']);

  // Held originals have their numbers and inodes again; the others have what the bag records. No copy counts as proven.
  const [before, after] = [await linkedBag(bench.register), await linkedBag(rebuilt)];
  const facts = (file: (typeof before)['files'][number]): unknown => ({
    id: file.id,
    copyVersion: file.copyVersion,
    ...file.identity,
    ctimeNs: 0n,
  });
  expect(after.files).toHaveLength(4);
  expect(after.files.map(facts)).toEqual(before.files.map(facts));
  expect(after.files.find(({ omeroHash: hash }) => hash !== null)).toMatchObject({
    copyDigest: null,
    copyRead: null,
    digests: { 'MD5-128': 'abc' },
  });
  expect(await rebuilt.retrievals.plan({ kind: 'Request', ids: [gone] }, 'restore')).toMatchObject({
    fetch: [{ store: 'main', files: 1, bytes: 100n }],
  });

  expect(await run()).toMatchObject({ code: 0, report: { bags: { found: 2, rebuilt: 0, known: 2 } } });
  expect(readdirSync(bench.holdDir, { recursive: true }).length).toBeGreaterThan(4);
});

it('writes nothing in a dry run', async () => {
  await archive(bench, { 'Fileset:1': [{ path: 'a', content: bytes('a') }] });
  expect(await run('--dry-run')).toMatchObject({ code: 0, report: { bags: { rebuilt: 1 }, files: { linked: 1 } } });
  expect(await rebuilt.requests.list()).toEqual([]);
});

it('reports every discrepancy, and accepts the rest', async () => {
  const sound = await archive(
    bench,
    {
      'Fileset:1': ['undone', 'moved', 'deleted', 'pointed', 'swapped', 'lost', 'cut', 'kept'].map((path) => ({
        path,
        content: bytes(path, 50),
      })),
    },
    'released',
  );
  const forged = await archive(bench, { 'Fileset:2': [{ path: 'forged', content: bytes('f') }] }, 'released');
  const at = (path: string): string => bench.at(path).toString();
  const copy = (path: string): string => join(bagDirectory(sound), 'data', 'ManagedRepository', path);
  open(bagDirectory(sound));
  for (const path of ['undone', 'moved', 'deleted', 'pointed', 'swapped']) unlinkSync(at(path));
  cpSync(copy('undone'), at('undone'), { preserveTimestamps: false });
  const [line] = readFileSync(join(bagDirectory(sound), 'omero.jsonl'), 'utf8')
    .split('\n')
    .filter((each) => each.includes('"undone"'));
  setMtime(at('undone'), BigInt((JSON.parse(line!) as { mtimeNs: string }).mtimeNs));
  writeFileSync(at('moved'), Buffer.alloc(50, 'z')); // of its size, but not of its time
  symlinkSync('/somewhere/else', at('pointed'));
  mkdirSync(at('swapped'));
  rmSync(copy('lost'));
  writeFileSync(copy('cut'), 'short');
  writeFileSync(copy('stray'), 'nobody described this');
  open(bagDirectory(forged));
  writeFileSync(
    join(bagDirectory(forged), 'omero.jsonl'),
    readFileSync(join(bagDirectory(forged), 'omero.jsonl'), 'utf8').replace('"forged"', '"../../etc/passwd"'),
  );
  cpSync(bagDirectory(forged), join(bench.storeDir, 'renamed'), { recursive: true });
  mkdirSync(join(bench.storeDir, 'no-bag', 'data'), { recursive: true });
  mkdirSync(join(bench.storeDir, 'validate-abc', 'data'), { recursive: true });
  mkdirSync(join(bench.storeDir, 'lost+found'), { mode: 0o700 });
  mkdirSync(join(bench.storeDir, 'snapshots', 'of-a-day'), { recursive: true });

  const { code, report } = await run();
  expect(code).toBe(3);
  expect(report.bags).toEqual({ found: 5, rebuilt: 1, known: 0, validations: 1 });
  expect({ ...report.foreign, names: [...report.foreign.names].sort() }).toEqual({
    count: 2,
    names: ['lost+found', 'snapshots'],
  });
  expect([...report.leftOut.listed].map((one) => `${one.bag} ${one.code}`).sort()).toEqual([
    'no-bag TAG_MISSING',
    'renamed TAG_DIFFERS',
    `request-${forged}-bag-1 TAG_DIFFERS`,
  ]);
  expect(report.links.listed.map((one) => `${one.path}: ${one.reason}`).sort()).toEqual([
    'ManagedRepository/deleted: the link to this copy is not at its path: nothing is there',
    'ManagedRepository/moved: the link to this copy is not at its path: another file is there',
    'ManagedRepository/pointed: the link to this copy is not at its path: a link to somewhere else is there',
    'ManagedRepository/swapped: the link to this copy is not at its path: a directory is there',
  ]);
  expect(report.copies.listed.map((one) => `${one.path} ${one.code}`).sort()).toEqual([
    'ManagedRepository/cut COPY_SIZE',
    'ManagedRepository/lost COPY_MISSING',
  ]);
  expect(report).toMatchObject({ files: { released: 7, skipped: 1, linked: 0 }, unlisted: 1 });
  expect((await rebuilt.reports.files({ states: ['skipped'] })).map(({ path, code: why }) => [path, why])).toEqual([
    ['undone', 'ORIGINAL_IN_PLACE'],
  ]);
  expect(await rebuilt.reports.files({ code: 'LINK_MISSING' })).toHaveLength(4);
  expect(readlinkSync(at('pointed'))).toBe('/somewhere/else');
});

it('recognises held originals by their content alone, and leaves all others where they are', async () => {
  const id = await archive(bench, {
    'Fileset:1': ['right', 'wrong', 'twin1', 'twin2'].map((path) => ({ path, content: bytes(path.slice(0, 4), 70) })),
  });
  const hold = join(bench.holdDir, `request-${id}-bag-1`);
  const numbers = Object.fromEntries(
    await Promise.all(
      ['right', 'wrong', 'twin1', 'twin2'].map(async (path) => [path, String((await bench.file(path)).id)] as const),
    ),
  ) as Record<string, string>;
  const held = join(hold, numbers['wrong']!);
  const [line] = readFileSync(join(bagDirectory(id), 'omero.jsonl'), 'utf8')
    .split('\n')
    .filter((each) => each.includes('"wrong"'));
  chmodSync(held, 0o644);
  writeFileSync(held, Buffer.alloc(70, 'X'));
  setMtime(held, BigInt((JSON.parse(line!) as { mtimeNs: string }).mtimeNs)); // the same size and time, other bytes
  linkSync(join(hold, numbers['right']!), join(hold, '999'));
  symlinkSync('/etc/passwd', join(hold, '1000'));

  const { report } = await run();
  expect(report.files).toMatchObject({ linked: 3, released: 1 });
  expect(report.held.listed).toEqual([{ bag: `request-${id}-bag-1`, files: 2, of: 5, bytes: expect.any(String) }]);
  const rows = await rebuilt.reports.files({});
  expect(rows.find(({ path }) => path === 'wrong')).toMatchObject({ state: 'released', code: null });
  expect(rows.find(({ path }) => path === 'wrong')!.id).toBeGreaterThan(999n);
  expect(
    rows
      .filter(({ state }) => state === 'linked')
      .every(
        ({ path, id: number }) =>
          path === 'right' ||
          (path.startsWith('twin') && [numbers['twin1'], numbers['twin2']].includes(String(number))),
      ),
  ).toBe(true);
  expect(readdirSync(hold).length).toBe(6);
});

it('resumes after it was killed, with the same result', async () => {
  for (let nr = 0; nr < 12; nr += 1)
    await archive(
      bench,
      { [`Fileset:${nr + 1}`]: [{ path: `f${nr}`, content: bytes(`f${nr}`) }] },
      nr % 2 ? 'linked' : 'released',
    );
  const child = spawn(process.execPath, [join(__dirname, '..', 'bin', 'coldroom.js'), 'rebuild'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while ((await rebuilt.requests.list()).length < 3 && child.exitCode === null) await sleep(2);
  // With the lock of its next step in our hands it waits between two bags when it is killed.
  while ((await rebuilt.alone('rebuild bag', async () => child.kill('SIGKILL'))) === undefined) await sleep(1);
  await ended;
  const { code, report } = await run();
  expect(code).toBe(0);
  expect(report.bags.rebuilt + report.bags.known).toBe(12);
  expect(report.bags.known).toBeGreaterThan(0);
  expect(report.bags.rebuilt).toBeGreaterThan(0);
  expect(await rowsOf(rebuilt)).toEqual(await rowsOf(bench.register));
});

it('refuses a register that is in use, and a concurrent second run', async () => {
  const own = await settingsOf(bench);
  await bench.request({ 'Fileset:1': [{ path: 'a', content: bytes('a') }] });
  expect(await coldroom(['rebuild', '--json'], own)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('REGISTER_NOT_EMPTY'),
  });
  await rebuilt.alone('rebuild', async () => {
    expect(await run()).toMatchObject({ code: 11, stderr: expect.stringContaining('REBUILD_RUNNING') });
  });
});

it('ends where the tree with the links, the hold directory or the store is not mounted', async () => {
  await archive(bench, { 'Fileset:1': [{ path: 'a', content: bytes('a') }] });
  for (const directory of [bench.originals.directory('ManagedRepository'), bench.holdDir, bench.storeDir]) {
    renameSync(join(directory, markerName), join(directory, 'hidden'));
    expect(await run()).toMatchObject({ code: 5, stderr: expect.stringMatching(/ROOT_UNAVAILABLE|STORE_UNAVAILABLE/) });
    renameSync(join(directory, 'hidden'), join(directory, markerName));
  }
  expect(await rebuilt.requests.list()).toEqual([]);
  expect(existsSync(join(bench.storeDir, markerName))).toBe(true);
  expect((await run()).code).toBe(0);
});

/** Node's utimes lose nanoseconds; touch does not. */
function setMtime(path: string, ns: bigint): void {
  const [seconds, rest] = [ns / 1_000_000_000n, ns % 1_000_000_000n];
  execFileSync('touch', ['-d', `@${seconds}.${String(rest).padStart(9, '0')}`, path]);
}
