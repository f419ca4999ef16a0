import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditScene } from './testing/audit-scene';
import { BackupScene, describeBackups, goodIn } from './testing/backup-scene';
import { coldroom, json } from './testing/command-line';

interface Report {
  readonly register: { readonly name: string; readonly tables: number };
  readonly omero: { readonly name: string; readonly tables: number } | null;
  readonly migrations: readonly string[];
  readonly since: Readonly<Record<string, unknown>>;
  readonly audit: { readonly findings: readonly object[]; readonly notLooked: readonly object[] };
  readonly notRestored: readonly string[];
  readonly leftovers: readonly string[];
}

let backups: BackupScene;
let scene: AuditScene;
let place: string;
let env: Record<string, string>;

const drill = (more: Readonly<Record<string, string>> = {}) =>
  coldroom(['drill', 'restore', '--json'], { ...env, ...more });
const backUp = async (): Promise<void> => expect((await coldroom(['backup'], env)).code).toBe(0);
const scratch = async (): Promise<readonly string[]> =>
  (await backups.sql(backups.server.url, `SELECT datname FROM pg_database WHERE datname LIKE 'coldroom_drill%'`)).map(
    ({ datname }) => String(datname),
  );

/** Everything that a drill must leave as it is: all tables but the history of drills, and how often rows were changed. */
async function content(): Promise<unknown> {
  const tables = await backups.sql(
    scene.registerUrl,
    `SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'coldroom' AND relname NOT IN ('backup_run', 'backup_run_id_seq') ORDER BY 1`,
  );
  const rows: unknown[] = [];
  for (const { relname } of tables)
    rows.push([
      relname,
      await backups.sql(
        scene.registerUrl,
        `SELECT count(*)::int AS rows, coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS md5 FROM coldroom.${relname} t`,
      ),
    ]);
  return rows;
}

describeBackups('coldroom drill restore', () => {
  beforeAll(async () => {
    backups = await BackupScene.start();
  });
  afterAll(() => backups.stop());
  beforeEach(async () => {
    scene = await AuditScene.create('drill', backups.server.url);
    place = await backups.place();
    env = { ...scene.env, COLDROOM_BACKUP_DIR: place };
  });
  afterEach(() => scene.close());

  it('restores the newest dumps, says what they do not know, and leaves everything as it was', async () => {
    env = {
      ...env,
      BACKUP_OMERO_DATABASE_URL: scene.omeroUrl,
      COLDROOM_DRILL_DATABASE_URL: backups.server.url,
    };
    await scene.archive('main', [3]);
    await backUp();
    const later = await scene.archive('main', [4]);
    const unarchived = await scene.request([1]);
    const before = await content();
    const inOmero = await backups.sql(scene.omeroUrl, 'SELECT * FROM imageannotationlink ORDER BY id');
    const ended = await drill();
    const report = json<Report>(ended);
    expect(report).toMatchObject({
      register: { name: expect.stringContaining('coldroom-register-'), tables: expect.any(Number) },
      omero: { name: expect.stringContaining('coldroom-omero-'), tables: expect.any(Number) },
      migrations: [],
      leftovers: [],
      since: {
        requests: { count: 2, listed: [String(later.requestId), String(unarchived.requestId)] },
        sealed: { count: 1, files: 4 },
        linked: 4,
        broughtBack: { count: 1, files: 4 },
        lostRequests: { count: 1, listed: [String(unarchived.requestId)] },
      },
      audit: {
        findings: [
          { code: 'DARK_BAG', total: 1, explained: 1 },
          { code: 'HELD_ORPHAN', total: 4, explained: 4 },
        ],
        notLooked: [],
      },
    });
    expect(ended.code).toBe(0);
    expect(await content()).toEqual(before);
    expect(await backups.sql(scene.omeroUrl, 'SELECT * FROM imageannotationlink ORDER BY id')).toEqual(inOmero);
    expect(await scratch()).toEqual([]);
    expect(await scene.register.backupRuns.list(1, 'drill')).toMatchObject([
      { code: null, name: report.register.name, report: { sealed: 1, linked: 4, requests: 2 } },
    ]);
    const told = await coldroom(['drill', 'restore'], env);
    expect(told.stdout).toContain(`2 requests made since then: ${later.requestId}, ${unarchived.requestId}`);
    expect(told.stdout).toContain('would add 1 bag from the stores, 4 files');
    expect(told.stdout).toContain('DARK_BAG: 1, of which 1 are explained by what was archived since then');
  });

  it("leaves OMERO's dump out on the register's server, and says so", async () => {
    env = { ...env, BACKUP_OMERO_DATABASE_URL: scene.omeroUrl };
    await backUp();
    const ended = await drill();
    expect(json<Report>(ended)).toMatchObject({
      register: { name: expect.stringContaining('coldroom-register-') },
      omero: null,
      notRestored: [expect.stringContaining('coldroom-omero-')],
    });
    expect(ended.code).toBe(3);
    expect((await coldroom(['drill', 'restore'], env)).stdout).toContain("OMERO's database: not looked at");
  });

  it('drops what killed drills have left, and nothing with another name', async () => {
    await backUp();
    const others = ['coldroom_drill_kept', 'coldroom_drill_20261129t023000z_more', 'coldroom_drill_2026'];
    for (const name of [...others, 'coldroom_drill_20200101t000000z', 'coldroom_drill_20200101t000000z_omero'])
      await backups.database(name);
    expect(json<Report>(await drill()).leftovers).toEqual([
      'coldroom_drill_20200101t000000z',
      'coldroom_drill_20200101t000000z_omero',
    ]);
    expect((await scratch()).toSorted()).toEqual(others.toSorted());
    for (const name of others) await backups.sql(backups.server.url, `DROP DATABASE ${name}`);
  });

  it('fails, with a trouble until one succeeds, where the newest dump is damaged, and drops its database', async () => {
    await backUp();
    const [name = ''] = goodIn(place);
    chmodSync(join(place, name), 0o600);
    const whole = readFileSync(join(place, name));
    appendFileSync(join(place, name), 'x');
    const ended = await drill();
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('BACKUP_DUMP_DAMAGED') });
    expect(await scratch()).toEqual([]);
    expect((await scene.register.troubles.list('drill failed')).map(({ code }) => code)).toEqual([
      'BACKUP_DUMP_DAMAGED',
    ]);
    writeFileSync(join(place, name), whole);
    expect((await drill()).code).toBe(0);
    expect(await scene.register.troubles.list('drill failed')).toEqual([]);
  });

  it('says what is missing: a backup, rights, a server that is new enough, or settings', async () => {
    expect(await drill()).toMatchObject({ code: 1, stderr: expect.stringContaining('DRILL_NO_BACKUP') });
    await backUp();
    await backups.sql(backups.server.url, `DROP ROLE IF EXISTS plain`);
    await backups.sql(backups.server.url, `CREATE ROLE plain LOGIN PASSWORD 'pl4in'`);
    const plain = new URL(backups.server.url);
    [plain.username, plain.password] = ['plain', 'pl4in'];
    expect(await drill({ COLDROOM_DRILL_DATABASE_URL: plain.href })).toMatchObject({
      code: 12,
      stderr: expect.stringContaining('DRILL_RIGHTS_MISSING'),
    });
    const { OMERO_DATA_DIR: _left, ...without } = env;
    const partly = await coldroom(['drill', 'restore', '--json'], without);
    expect(json<Report>(partly).audit.notLooked).toMatchObject([{ reason: expect.stringContaining('OMERO_DATA_DIR') }]);
    expect(partly.code).toBe(3);
  });

  it('cleans up and keeps no secret in what it says where pg_restore fails', async () => {
    await backUp();
    const programs = join(backups.dir, `programs-${Date.now()}`);
    mkdirSync(programs);
    writeFileSync(
      join(programs, 'pg_restore'),
      '#!/bin/sh\necho "pg_restore: error: no room, $PGPASSWORD" >&2\nexit 1\n',
      {
        mode: 0o755,
      },
    );
    const ended = await drill({ PATH: `${programs}:${process.env['PATH']}` });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('DRILL_RESTORE_FAILED') });
    expect(ended.stderr).toContain('no room');
    expect(ended.stderr).not.toContain(new URL(scene.registerUrl).password);
    expect(await scratch()).toEqual([]);
  });
});
