import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { BackupScene, describeBackups, goodIn, namesIn } from './testing/backup-scene';
import { coldroom, coldroomProcess, json } from './testing/command-line';

interface Result {
  readonly database: string;
  readonly name: string;
  readonly bytes: string;
  readonly sha256: string;
  readonly removed: readonly string[];
  readonly damaged: readonly string[];
  readonly failure: { readonly code: string; readonly message: string } | null;
}

let scene: BackupScene;
let url: string;
let place: string;
let env: Record<string, string>;

const run = async (
  more: Readonly<Record<string, string>> = {},
  ...words: string[]
): Promise<{ readonly code: number | null; readonly results: readonly Result[]; readonly stderr: string }> => {
  const ended = await coldroom(['backup', '--json', ...words], { ...env, ...more });
  const results = ended.stdout === '' ? [] : json<{ readonly backups: readonly Result[] }>(ended).backups;
  return { code: ended.code, results, stderr: ended.stderr };
};
/** The server needs a moment to notice that the killed process no longer holds the lock. */
async function afterLock<T extends { readonly code: number | null }>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1, await sleep(100)) {
    const ended = await act();
    if (ended.code !== exitCodes.held || tries === 50) return ended;
  }
}
const password = (of: string): string => new URL(of).password;

describeBackups('coldroom backup', () => {
  beforeAll(async () => {
    scene = await BackupScene.start();
  });
  afterAll(() => scene.stop());
  beforeEach(async () => {
    url = await scene.register();
    place = await scene.place();
    env = { REGISTER_DATABASE_URL: url, COLDROOM_BACKUP_DIR: place };
  });

  it('keeps a dump of the register that pg_restore restores as it was', async () => {
    await scene.sql(url, `INSERT INTO scan (asked_by) VALUES ('ada')`);
    const { code, results } = await run();
    const [result] = results;
    expect({ code, failure: result?.failure }).toEqual({ code: 0, failure: null });
    expect(goodIn(place)).toEqual([result?.name]);
    expect(namesIn(place)).toEqual([result?.name, `${result?.name}.sha256`]);
    execFileSync('sha256sum', ['--check', '--quiet', `${result?.name}.sha256`], { cwd: place });

    const empty = await scene.database();
    execFileSync('pg_restore', ['--no-owner', `--dbname=${empty}`, join(place, result?.name ?? '')]);
    expect(await scene.sql(empty, 'SELECT asked_by FROM scan')).toEqual([{ asked_by: 'ada' }]);
  });

  it("dumps OMERO's database, too, where a role for it is set, and one failure leaves the other alone", async () => {
    const omero = await scene.database();
    await scene.sql(omero, 'CREATE TABLE image (id bigint); INSERT INTO image VALUES (7)');
    const both = await run({ BACKUP_OMERO_DATABASE_URL: omero });
    expect({ code: both.code, databases: both.results.map(({ database }) => database) }).toEqual({
      code: 0,
      databases: ['register', 'omero'],
    });
    await scene.sql(omero, 'DROP ROLE IF EXISTS few');
    await scene.sql(omero, `CREATE ROLE few LOGIN PASSWORD 'few'`);
    const few = new URL(omero);
    [few.username, few.password] = ['few', 'few'];
    const partly = await run({ BACKUP_OMERO_DATABASE_URL: few.href });
    expect({ code: partly.code, codes: partly.results.map(({ failure }) => failure?.code) }).toEqual({
      code: 3,
      codes: [undefined, 'BACKUP_RIGHTS_MISSING'],
    });
    // Of a day, the newest is kept.
    expect(goodIn(place)).toEqual([both.results[1]?.name, partly.results[0]?.name]);
  });

  it('records each run, and an open trouble until a run succeeds', async () => {
    const register = new Register(url);
    try {
      const wrong = new URL(url);
      wrong.password = 'not-the-password';
      await run({ BACKUP_OMERO_DATABASE_URL: wrong.href });
      expect(await register.backupRuns.list(5)).toMatchObject([
        { database: 'omero', code: 'BACKUP_LOGIN_REFUSED', name: null, finishedAt: expect.any(Date) },
        { database: 'register', code: null, bytes: expect.any(BigInt), place: 'directory', shown: place },
      ]);
      expect((await register.troubles.list('backup failed')).map(({ code }) => code)).toEqual(['BACKUP_LOGIN_REFUSED']);
      expect((await register.backupRuns.states()).map(({ database, failures }) => [database, failures])).toEqual([
        ['register', 0],
        ['omero', 1],
      ]);
      await run();
      expect(await register.troubles.list('backup failed')).toEqual([]);
      expect(await scene.sql(url, `SELECT detail -> 'left' AS left FROM event WHERE what = 'trouble over'`)).toEqual([
        { left: true },
      ]);
      await run({ BACKUP_OMERO_DATABASE_URL: url });
      expect(await register.troubles.list('backup failed')).toEqual([]);
      expect(await register.backupRuns.states()).toMatchObject([{ failures: 0 }, { failures: 0, code: null }]);
    } finally {
      await register.close();
    }
  });

  it('shows no password, whatever goes wrong', async () => {
    const wrong = new URL(url);
    wrong.password = 'wrong-p4ssword';
    const refused = await coldroom(['backup'], { ...env, BACKUP_OMERO_DATABASE_URL: wrong.href });
    expect(refused.stdout).toContain('BACKUP_LOGIN_REFUSED');
    const ours = await coldroom(['backup'], { ...env, REGISTER_DATABASE_URL: wrong.href });
    expect(ours.stderr).toContain('REGISTER_DATABASE_URL');
    const said = refused.stdout + refused.stderr + ours.stdout + ours.stderr;
    expect(said).not.toContain('wrong-p4ssword');
    expect(said).not.toContain(password(url));
    expect(goodIn(place)).toHaveLength(1);
  });

  it('passes no password in arguments, where every user could read it', async () => {
    const child = spawn(process.execPath, [join(__dirname, '..', 'bin', 'coldroom.js'), 'backup'], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    let seen = '';
    while (child.exitCode === null) {
      seen += execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await ended;
    expect(child.exitCode).toBe(0);
    expect(seen).toContain('pg_dump --format=custom');
    expect(seen).not.toContain(password(url));
  });

  it('says which versions do not fit where the server is newer than pg_dump, and what to do', async () => {
    const other = await BackupScene.npmServer();
    try {
      const major = async (of: string): Promise<number> =>
        Math.floor(Number((await scene.sql(of, 'SHOW server_version_num'))[0]?.['server_version_num']) / 10_000);
      const [ours, theirs] = [await major(url), await major(other.url)];
      if (theirs <= ours) {
        process.stderr.write(`SKIPPED: a server that is newer than pg_dump: npm's is ${theirs}, pg_dump ${ours}\n`);
        return;
      }
      const { code, results } = await run({ BACKUP_OMERO_DATABASE_URL: other.url });
      expect(code).toBe(3);
      expect(results[1]?.failure).toMatchObject({
        code: 'BACKUP_PROGRAM_TOO_OLD',
        message: expect.stringMatching(
          `pg_dump has version ${ours}\\..*server of OMERO's database has version ${theirs}\\.`,
        ),
      });
      expect(goodIn(place)).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  it('fails where a server does not answer, a directory is not marked, or a program is missing', async () => {
    const dead = await run({ BACKUP_OMERO_DATABASE_URL: 'postgres://x:y@127.0.0.1:1/none' });
    expect(dead.results[1]?.failure?.code).toBe('BACKUP_DATABASE_UNAVAILABLE');
    const unmarked = join(scene.dir, `unmarked-${Date.now()}`);
    mkdirSync(unmarked);
    expect((await run({ COLDROOM_BACKUP_DIR: unmarked })).results[0]?.failure?.code).toBe('BACKUP_PLACE_NOT_MARKED');
    expect(namesIn(unmarked)).toEqual([]);
    expect((await run({ PATH: '/nonexistent' })).results[0]?.failure?.code).toBe('BACKUP_PROGRAM_MISSING');
    expect((await run({ COLDROOM_BACKUP_DIR: '' })).stderr).toContain('BACKUP_NOT_CONFIGURED');
    const prepared = await coldroom(['backup', '--prepare', '--json'], { ...env, COLDROOM_BACKUP_DIR: unmarked });
    expect(json(prepared)).toEqual({ prepared: unmarked });
    expect((await run({ COLDROOM_BACKUP_DIR: unmarked })).code).toBe(0);
  });

  it('refuses a dump that pg_restore cannot list, or that pg_dump did not finish', async () => {
    const programs = join(scene.dir, `programs-${Date.now()}`);
    mkdirSync(programs);
    const script = (name: string, text: string): void =>
      writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const path = { PATH: `${programs}:${process.env['PATH']}` };
    script('pg_dump', 'echo this is no dump');
    expect((await run(path)).results[0]?.failure?.code).toBe('BACKUP_NOT_LISTED');
    script('pg_dump', '/usr/bin/pg_dump "$@" | head -c 60000; echo "pg_dump: error: lost" >&2; exit 1');
    expect((await run(path)).results[0]?.failure).toMatchObject({
      code: 'BACKUP_DUMP_FAILED',
      message: expect.stringContaining('lost'),
    });
    expect(namesIn(place)).toEqual([]);
  });

  it('keeps old dumps and reports it where the disk is full', async () => {
    await run();
    const small = join(scene.dir, `small-${Date.now()}`);
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      process.stderr.write('SKIPPED: a backup to a full disk: this user may not mount a tmpfs\n');
      return;
    }
    try {
      await coldroom(['backup', '--prepare'], { ...env, COLDROOM_BACKUP_DIR: small });
      const old = `coldroom-register-20200101T000000Z.dump`;
      writeFileSync(join(small, old), 'old');
      writeFileSync(join(small, `${old}.sha256`), execFileSync('sha256sum', [old], { cwd: small, encoding: 'utf8' }));
      writeFileSync(join(small, 'filler'), Buffer.alloc(60_000));
      const { code, results } = await run({ COLDROOM_BACKUP_DIR: small });
      expect({ code, failure: results[0]?.failure?.code }).toEqual({ code: 1, failure: 'BACKUP_NO_SPACE' });
      expect(namesIn(small)).toEqual([old, `${old}.sha256`, 'filler']);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('refuses a directory with the backups of another register, and leaves what is there', async () => {
    await run();
    writeFileSync(join(place, '.coldroom-register-20261129T023000Z.dump.partial'), 'is being written');
    const before = namesIn(place);
    const { code, results } = await run({
      REGISTER_DATABASE_URL: await scene.register(),
      COLDROOM_BACKUP_KEEP: '1/0/0',
    });
    expect({ code, failure: results[0]?.failure?.code }).toEqual({ code: 1, failure: 'BACKUP_PLACE_NOT_OURS' });
    expect(namesIn(place)).toEqual(before);
    expect((await run()).code).toBe(0);
  });

  it("dumps OMERO's database where the register does not answer, and removes nothing", async () => {
    const omero = await scene.database();
    await scene.sql(omero, 'CREATE TABLE image (id bigint); INSERT INTO image VALUES (7)');
    const more = { BACKUP_OMERO_DATABASE_URL: omero, COLDROOM_BACKUP_KEEP: '1/0/0' };
    const first = await run(more);
    const partial = '.coldroom-omero-20261129T023000Z.dump.partial';
    writeFileSync(join(place, partial), 'is being written');
    const { code, results } = await run({ ...more, REGISTER_DATABASE_URL: 'postgres://x:y@127.0.0.1:1/none' });
    expect({ code, codes: results.map(({ failure }) => failure?.code) }).toEqual({
      code: 3,
      codes: ['REGISTER_UNAVAILABLE', undefined],
    });
    expect(goodIn(place)).toEqual([...first.results.map(({ name }) => name), results[1]?.name].sort());
    expect(namesIn(place)).toContain(partial);
  });

  it('lets one run at a time work', async () => {
    const register = new Register(url);
    try {
      const { code, stderr } = (await register.alone('backup', () => run()))!;
      expect({ code, stderr }).toMatchObject({ code: 11, stderr: expect.stringContaining('BACKUP_RUNNING') });
      expect(namesIn(place)).toEqual([]);
    } finally {
      await register.close();
    }
  });

  it('shows in a dry run what it would do, and does nothing', async () => {
    await run();
    const before = namesIn(place);
    const shown = await coldroom(['backup', '--dry-run', '--json'], { ...env, COLDROOM_BACKUP_KEEP: '1/0/0' });
    expect(json(shown)).toMatchObject({ backups: [{ dumps: [before[0]], old: [before[0]] }] });
    expect(namesIn(place)).toEqual(before);
    expect((await coldroom(['backup', '--dry-run'], env)).stdout).toContain('would be written');
  });

  it('counts damaged dumps and foreign files for nothing, and never removes them', async () => {
    const keep = { COLDROOM_BACKUP_KEEP: '2/0/0' };
    const of = (day: number): string => `coldroom-register-202001${String(day).padStart(2, '0')}T000000Z.dump`;
    const write = (name: string, content: string): void => {
      writeFileSync(join(place, name), content);
      writeFileSync(join(place, `${name}.sha256`), execFileSync('sha256sum', [name], { cwd: place, encoding: 'utf8' }));
    };
    for (let day = 1; day <= 5; day += 1) write(of(day), `dump ${day}`);
    appendFileSync(join(place, of(5)), 'damaged');
    const foreign = [
      'coldroom-register-20200106T000000Z.dump.bak',
      'notes.txt',
      'coldroom-register-20209906T000000Z.dump',
    ];
    for (const name of foreign) write(name, name);
    writeFileSync(join(place, of(9)), 'without a checksum');
    symlinkSync('/etc/hostname', join(place, of(8)));
    writeFileSync(join(place, `${of(8)}.sha256`), 'whatever');
    const { code, results } = await run(keep);
    expect(code).toBe(3);
    expect(results[0]).toMatchObject({ removed: [of(3), of(2), of(1)], damaged: [of(8), of(5)], failure: null });
    expect(goodIn(place)).toEqual([of(4), results[0]?.name, 'coldroom-register-20209906T000000Z.dump'].sort());
    expect(namesIn(place)).toEqual(expect.arrayContaining([...foreign, of(5), of(8), of(9)]));
    expect(readFileSync('/etc/hostname', 'utf8')).not.toBe('');
  });

  it('counts a good dump where an old one cannot be removed, and reports that one', async () => {
    const old = 'coldroom-register-20200101T000000Z.dump';
    mkdirSync(join(place, old)); // cannot be unlinked, whoever runs this
    writeFileSync(join(place, `${old}.sha256`), 'x');
    const { code, results } = await run({ COLDROOM_BACKUP_KEEP: '1/0/0' });
    expect(code).not.toBe(0);
    expect(results[0]?.failure?.message).toMatch(/^A new backup was made, but .*2020/);
    expect(namesIn(place)).toEqual([old, `${old}.sha256`, results[0]?.name, `${results[0]?.name}.sha256`]);
    const register = new Register(url);
    expect(await register.backupRuns.states()).toMatchObject([
      { succeededAt: expect.any(Date), name: results[0]?.name, failures: 0, code: null },
    ]);
    expect(await register.troubles.list('backup failed')).toHaveLength(1);
    await register.close();
  });

  it.each([
    ['backup:1-partly-written', 0],
    ['backup:2-written', 0],
    ['backup:3-checksum-written', 0],
    ['backup:4-renamed', 1],
    ['backup:5-synced', 1],
    ['backup:6-recorded', 1],
    ['backup:7-old-removed', 1],
  ])('killed at %s: the next run leaves good dumps only, among them the old ones', async (crashAt, made) => {
    for (const day of [1, 2]) {
      const name = `coldroom-register-2020010${day}T000000Z.dump`;
      writeFileSync(join(place, name), `dump ${day}`);
      writeFileSync(join(place, `${name}.sha256`), execFileSync('sha256sum', [name], { cwd: place, encoding: 'utf8' }));
    }
    const keep = { COLDROOM_BACKUP_KEEP: '2/0/0' };
    const killed = await coldroomProcess(['backup'], { ...env, ...keep, COLDROOM_CRASH_AT: crashAt });
    expect(killed.code).toBeNull();
    expect(goodIn(place).filter((name) => !name.includes('-2020'))).toHaveLength(made);
    expect(goodIn(place).length).toBeGreaterThanOrEqual(2);
    const { code, results } = await afterLock(() => run(keep));
    expect({ code, failure: results[0]?.failure }).toEqual({ code: 0, failure: null });
    expect(goodIn(place)).toEqual(['coldroom-register-20200102T000000Z.dump', results[0]?.name]);
    expect(namesIn(place)).toEqual(
      goodIn(place)
        .flatMap((name) => [name, `${name}.sha256`])
        .sort(),
    );
    const register = new Register(url);
    expect((await register.backupRuns.list(5)).filter(({ finishedAt }) => finishedAt === null)).toEqual([]);
    await register.close();
  });
});
