import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import type { FileSystemLook } from '@coldroom/domain';
import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { buildTinyOmero } from '@coldroom/sample-omero';
import { examineNode } from '@coldroom/operations';
import { coldroomProcess, json, type Ended } from './testing/command-line';

interface Report {
  readonly healthy: boolean;
  readonly prepared: readonly string[];
  readonly findings: readonly {
    readonly level: string;
    readonly about: string;
    readonly found: string;
    readonly next?: string;
  }[];
}

const base = mkdtempSync(join(tmpdir(), 'cli-doctor-'));
const dataDir = join(base, 'OMERO');
const store = join(base, 'store');
const hold = join(dataDir, '.coldroom', 'hold');
const storesFile = join(base, 'stores.yaml');
const owner = 4711;
const asRoot = process.geteuid?.() === 0;
let env: Record<string, string>;

const doctor = (words: readonly string[] = [], changes: Record<string, string> = {}): Promise<Ended> =>
  coldroomProcess(['doctor', '--json', ...words], { ...env, ...changes });
const told = (ended: Ended, about: string): string[] =>
  json<Report>(ended)
    .findings.filter((one) => one.about === about)
    .map((one) => `${one.level}: ${one.found}`);

/** The directory of the one fileset. */
function repositoryOf(omero: string): string {
  const found = readdirSync(join(omero, 'ManagedRepository'), { recursive: true, encoding: 'utf8' });
  return dirname(join(omero, 'ManagedRepository', found.find((path) => path.endsWith('a.dv')) ?? ''));
}

beforeAll(async () => {
  const admin = process.env['TEST_POSTGRES_URL'] as string;
  env = {
    REGISTER_DATABASE_URL: await createDatabase(admin, 'cli_doctor_register', { existing: 'drop' }),
    OMERO_DATABASE_URL: await createDatabase(admin, 'cli_doctor_omero', { existing: 'drop' }),
    OMERO_DATA_DIR: dataDir,
    REDIS_URL: process.env['TEST_REDIS_URL'] as string,
    COLDROOM_STORES: storesFile,
    COLDROOM_HOLD: '7d',
  };
  mkdirSync(dataDir);
  mkdirSync(store);
  writeFileSync(
    storesFile,
    `default: main\nstores:\n  main: { kind: file, directory: ${store}, sameFileSystem: true }\n`,
  );
  await buildTinyOmero({
    databaseUrl: env['OMERO_DATABASE_URL']!,
    dataDir,
    filesets: [{ files: [{ name: 'a.dv', size: 10 }] }],
  });
  mkdirSync(join(dataDir, 'Pixels'), { recursive: true });
  chmodSync(base, 0o755);
  if (asRoot)
    for (const path of ['.', ...readdirSync(base, { recursive: true, encoding: 'utf8' })])
      chownSync(join(base, path), owner, owner);
});
afterAll(() => rmSync(base, { recursive: true }));

describe('coldroom doctor', () => {
  it('reports all faults of the settings at once, and still checks those that are correct', async () => {
    const ended = await coldroomProcess(['doctor', '--json'], {
      REDIS_URL: 'http://x',
      COLDROOM_HOLD: 'long',
      REGISTER_DATABASE_URL: env['REGISTER_DATABASE_URL']!,
    });
    expect(ended.code).toBe(1);
    const faults = told(ended, 'settings').join('\n');
    for (const key of [
      'OMERO_DATABASE_URL is not set',
      'OMERO_DATA_DIR is not set',
      'REDIS_URL must',
      'COLDROOM_STORES is not set',
      'COLDROOM_HOLD must',
    ])
      expect(faults).toContain(key);
    expect(told(ended, 'register')).toEqual([expect.stringMatching(/^fault: lacks 0001_register\b/)]);
  });

  it('warns while there is no backup or only an old one, and calls one that failed a fault', async () => {
    const about = async (): Promise<readonly string[]> => told(await doctor(), 'backups');
    await migrate(env['REGISTER_DATABASE_URL'] as string);
    expect(await about()).toEqual(['warning: none was ever made']);
    const register = new Register(env['REGISTER_DATABASE_URL'] as string);
    const of = { kind: 'backup', database: 'register', place: 'directory', shown: '/backup' } as const;
    await register.backupRuns.finish(await register.backupRuns.begin(of, 'test'), { name: 'x.dump', bytes: 1024n });
    expect(await about()).toEqual([expect.stringMatching(/^ok: the newest is of the register to \/backup, 1/)]);
    const admin = new Client({ connectionString: env['REGISTER_DATABASE_URL'] });
    await admin.connect();
    await admin.query(`UPDATE coldroom.backup_run SET finished_at = now() - interval '3 days'`);
    expect(await about()).toEqual([expect.stringMatching(/^warning: the newest is old/)]);
    const failure = { code: 'BACKUP_NO_SPACE', reason: 'the disk is full' };
    await register.backupRuns.fail(await register.backupRuns.begin(of, 'test'), failure);
    expect(await about()).toEqual(['fault: the last one of the register to /backup failed: the disk is full']);
    await admin.query('DELETE FROM coldroom.backup_run');
    await admin.end();
    await register.close();
  });

  it('finds what is missing before anything is prepared', async () => {
    const ended = await doctor();
    expect(ended.code).toBe(1);
    expect(told(ended, 'ManagedRepository')).toEqual([expect.stringContaining('fault: has no marker .coldroom-root')]);
    expect(told(ended, 'Pixels')).toEqual([expect.stringContaining('fault: has no marker')]);
    expect(told(ended, `hold ${hold}`)).toEqual(['fault: is not there']);
    expect(told(ended, 'store main')).toEqual([expect.stringContaining('fault: The store main is unavailable')]);
    expect(told(ended, 'redis')).toEqual([expect.stringContaining('ok: ')]);
    expect(told(ended, 'OMERO database')).toEqual([expect.stringContaining('ok: OMERO5.4 patch 0')]);
  });

  it('prepares nothing without an instruction', async () => {
    expect((await doctor(['--prepare'])).code).toBe(2);
    expect(readdirSync(dataDir)).not.toContain('.coldroom');
    expect(readdirSync(store)).toEqual([]);
  });

  it('creates markers and the hold directory, for the owner of the data, and then all is well', async () => {
    expect((await coldroomProcess(['migrate'], env)).code).toBe(0);
    const ended = await doctor(['--prepare', '--yes']);
    expect(json<Report>(ended).findings.filter((one) => one.level === 'fault')).toEqual([]);
    expect(ended.code).toBe(0);
    expect(json<Report>(ended).prepared).toHaveLength(7);
    expect(JSON.parse(readFileSync(join(dataDir, 'ManagedRepository/.coldroom-root'), 'utf8'))).toMatchObject({
      coldroom: 'root',
      name: 'ManagedRepository',
    });
    expect(JSON.parse(readFileSync(join(hold, '.coldroom-root'), 'utf8'))).toMatchObject({ name: 'hold' });
    expect(JSON.parse(readFileSync(join(store, '.coldroom-root'), 'utf8'))).toMatchObject({ name: 'main' });
    expect(statSync(hold).mode & 0o7777).toBe(0o700);
    if (asRoot)
      for (const made of [hold, join(dataDir, '.coldroom'), join(hold, '.coldroom-root')])
        expect(lstatSync(made).uid).toBe(owner);
    expect(readdirSync(hold)).toEqual(['.coldroom-root']); // the trial left nothing
    expect(statSync(join(dataDir, 'ManagedRepository/.coldroom-root')).nlink).toBe(1);
    // services must be able to work with what doctor created
    if (asRoot) for (const name of readdirSync(store)) expect(lstatSync(join(store, name)).uid).toBe(owner);
    expect(told(ended, 'user')).toEqual([expect.stringMatching(/^ok: /)]);
    expect(readdirSync(join(dataDir, 'Pixels'))).toEqual(['.coldroom-root']);
  });

  it('never marks an empty managed repository: it is the mount point of an unmounted disk', async () => {
    const unmounted = join(base, 'unmounted');
    mkdirSync(join(unmounted, 'ManagedRepository'), { recursive: true });
    const ended = await doctor(['--prepare', '--yes'], { OMERO_DATA_DIR: unmounted });
    expect(told(ended, 'ManagedRepository')).toEqual(['fault: is empty: is the disk mounted?']);
    expect(readdirSync(join(unmounted, 'ManagedRepository'))).toEqual([]);
  });

  it('names the Bio-Formats version and its source, and what is skipped because of it', async () => {
    const bioFormats = async (changes: Record<string, string> = {}) =>
      json<Report>(await doctor([], changes)).findings.filter((one) => one.about === 'Bio-Formats');
    expect(await bioFormats({ OMERO_BIOFORMATS_VERSION: '7.3.1' })).toEqual([
      { level: 'ok', about: 'Bio-Formats', found: 'OMERO has version 7.3.1, as OMERO_BIOFORMATS_VERSION says' },
    ]);
    expect(await bioFormats()).toEqual([
      {
        level: 'warning',
        about: 'Bio-Formats',
        found: expect.stringMatching(
          /is not known \(.*no memo file\); skipped at the scan \(LINKS_NOT_OPENED\): .*companion/,
        ),
        next: expect.stringMatching(/^set OMERO_BIOFORMATS_VERSION/),
      },
    ]);
    const cache = join(dataDir, 'BioFormatsCache');
    const memo = join(cache, '.a.dv.bfmemo');
    writeFileSync(memo, Buffer.concat([Buffer.of(8, 1), Buffer.from('6.10.'), Buffer.of(0xb0, 1, 1)]));
    if (asRoot) chownSync(cache, owner, owner);
    expect(await bioFormats()).toEqual([
      {
        level: 'warning',
        about: 'Bio-Formats',
        found: expect.stringContaining(`OMERO has version 6.10.0, as the newest memo file says (${memo}, `),
        next: expect.stringMatching(/^upgrade to OMERO\.server 5\.6\.8 or later/),
      },
    ]);
    rmSync(memo);
    expect(told(await doctor([], { OMERO_BIOFORMATS_VERSION: 'new' }), 'settings')).toEqual([
      'fault: OMERO_BIOFORMATS_VERSION must be a version of Bio-Formats such as 6.14.0',
    ]);
  });

  it('shows what the file systems can do, and keeps it in the register', async () => {
    const { stdout, code } = await coldroomProcess(['doctor', '--probe'], env);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`hold directory ${hold}`)]);
    expect(stdout).toContain(`store main at ${store}`);
    expect(stdout).toMatch(/hard links +yes +link\n/);
    expect(stdout).toMatch(/times are kept to \d+ ns; names have up to 255 bytes/);
    const again = await doctor(['--probe']);
    const { fileSystems } = json<{ fileSystems: readonly { look: FileSystemLook }[] }>(again);
    const register = new Register(env['REGISTER_DATABASE_URL']!);
    try {
      expect((await register.fileSystemLooks.list()).map(({ look }) => look)).toEqual(
        fileSystems.map(({ look }) => look),
      );
    } finally {
      await register.close();
    }
    for (const { look } of fileSystems) expect(look.abilities['stable inode numbers'].answer).toBe('yes');
    expect(json<object>(await doctor())).not.toHaveProperty('fileSystems');
  });

  it('does nothing the second time', async () => {
    const before = readFileSync(join(store, '.coldroom-root'), 'utf8');
    expect(json<Report>(await doctor(['--prepare'])).prepared).toEqual([]);
    expect(readFileSync(join(store, '.coldroom-root'), 'utf8')).toBe(before);
  });

  it('names an unsafe store, a wrong marker, an open hold directory and a missing tree', async () => {
    writeFileSync(
      join(base, 'unsafe.yaml'),
      `default: main\nstores:\n  main: { kind: file, directory: ${store} }\n  inside: { kind: file, directory: ${dataDir}/ManagedRepository/x }\n`,
    );
    const ended = await doctor([], { COLDROOM_STORES: join(base, 'unsafe.yaml') });
    expect(told(ended, 'store main')).toEqual([expect.stringContaining('one broken disk')]);
    expect(told(ended, 'store inside')[0]).toMatch(/^fault/);
    expect(told(await doctor([], { COLDROOM_STORES: join(base, 'none.yaml') }), 'stores')[0]).toMatch(
      /^fault: .*ENOENT/s,
    );
    expect(told(await doctor([], { COLDROOM_HOLD_DIRS: store }), `hold ${store}`)[0]).toMatch(/^(fault|warning)/);
    chmodSync(hold, 0o755);
    expect(told(await doctor(), `hold ${hold}`)).toEqual(['warning: is open to others (mode 755)']);
    chmodSync(hold, 0o700);
    expect(told(await doctor([], { OMERO_DATA_DIR: join(base, 'nowhere') }), 'ManagedRepository')).toEqual([
      expect.stringContaining('is not there'),
    ]);
  });

  it('reports databases and a Redis that are unavailable', async () => {
    const ended = await doctor([], {
      REGISTER_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
      OMERO_DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    expect(ended.code).toBe(1);
    for (const about of ['register', 'OMERO database', 'redis'])
      expect(told(ended, about)[0]).toMatch(/^fault: .*does not answer|^fault: .*127.0.0.1/);
  });

  (asRoot ? it : it.skip)('tries files as their owner, not as root', async () => {
    rmSync(join(store, '.open'), { recursive: true });
    chownSync(store, 0, 0);
    expect(told(await doctor(), 'store main')[0]).toMatch(/^fault/);
    chownSync(store, owner, owner);
  });

  (asRoot ? it : it.skip)('tells another user than the owner what the system will refuse', async () => {
    const ended = await coldroomProcess(['doctor', '--json'], env, { uid: 65_534 });
    expect(ended.code).toBe(1);
    expect(told(ended, `hold ${hold}`)).toEqual(['fault: cannot be looked at (EACCES)']);
    const other = join(base, 'hold-of-nobody');
    mkdirSync(other, { mode: 0o700 });
    chownSync(other, 65_534, 65_534);
    const linking = await coldroomProcess(
      ['doctor', '--prepare', '--yes', '--json'],
      { ...env, COLDROOM_HOLD_DIRS: other },
      { uid: 65_534 },
    );
    expect(told(linking, `hold ${other}`)).toEqual(['ok: is there']);
    expect(told(linking, 'ManagedRepository').join()).toMatch(
      /fault: (the system refuses hard links to its files \(protected_hardlinks is 1\)|belongs to uid)/,
    );
    expect(readdirSync(other)).toEqual(['.coldroom-root']);
  });

  (asRoot ? it : it.skip)(
    "names owners, groups and directories in the tree that do not fit the services' user",
    async () => {
      const image = join(repositoryOf(dataDir), 'a.dv');
      const found = async (change: Readonly<Record<string, string>> = {}): Promise<string> => {
        const ended = await coldroomProcess(['doctor', '--json'], { ...env, ...change }, { uid: owner, gid: owner });
        const faults = json<Report>(ended).findings.filter(({ level }) => level === 'fault');
        return faults.map((each) => `${each.about}: ${each.found}: ${each.next}`).join('\n');
      };
      expect(await found()).toBe('');
      chownSync(image, owner, 992);
      expect(await found()).toMatch(/ManagedRepository: .*a\.dv belongs to group 992, .*COLDROOM_FILES_GROUP=992/);
      chownSync(image, 1001, owner);
      expect(await found()).toMatch(/a\.dv belongs to uid 1001, and the services run as uid 4711.*COLDROOM_UID=1001/);
      const closed = join(base, 'closed');
      mkdirSync(join(closed, 'hold'), { recursive: true, mode: 0o700 });
      expect(await found({ COLDROOM_HOLD_DIRS: join(closed, 'hold') })).toMatch(
        /a\.dv belongs to uid 1001, .*not known whether originals can be held in .*closed\/hold \(EACCES\): .*uid 4711/s,
      );
      chownSync(image, owner, owner);
      chmodSync(dirname(image), 0o555);
      expect(await found()).toMatch(/no link can be made in .*\(EACCES\).*setfacl -m u:4711:rwx/);
      chmodSync(dirname(image), 0o755);
      expect(await found()).toBe('');
    },
  );

  it('knows which versions of Node.js can run it', () => {
    expect(['26.0.0', '24.0.0', '23.11.1', '22.3.0', '20.19.0'].map((version) => examineNode(version).level)).toEqual([
      'ok',
      'ok',
      'fault',
      'fault',
      'fault',
    ]);
  });
});
