import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rebuild, restoreOptions, type Surroundings } from '@coldroom/operations';
import { Register, type FileListing } from '@coldroom/register';
import { readSettings } from '@coldroom/runtime';
import { AuditScene } from './testing/audit-scene';
import { BackupScene, describeBackups, goodIn } from './testing/backup-scene';
import { coldroom, json } from './testing/command-line';

let backups: BackupScene;
let scene: AuditScene;
let place: string;
let env: Record<string, string>;

const run = (...words: readonly string[]) => coldroom([...words, '--json'], env);

/** What must be the same for a file before the loss and after it. */
async function rows(): Promise<readonly unknown[]> {
  const files = await scene.register.reports.files({ limit: 1000 });
  const facts = ({ id, requestId, bag, store, fileset, path, size, state, digests }: FileListing): unknown =>
    // A number from before the backup, or of a held original, stays the same.
    ({
      id: state === 'released' ? null : id,
      requestId,
      bag,
      store,
      fileset,
      path,
      size,
      state,
      digests: digests['SHA-256'],
    });
  return files.map(facts).sort((one, other) => (JSON.stringify(one, text) < JSON.stringify(other, text) ? -1 : 1));
}
const text = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const docs = join(__dirname, '..', '..', '..', 'docs');
/** The options of each documented command that restores a dump into a database. */
const documented = readFileSync(join(docs, 'backup-and-restore.md'), 'utf8')
  .split('\n')
  .filter((line) => / pg_restore .*-d /.test(line))
  .map((line) => [...line.matchAll(/ (--[a-z-]+)(?= )/g)].map(([, option = '']) => option));

async function backUp(): Promise<void> {
  const ended = await run('backup');
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
}

/** The register's database is gone; the newest dump is restored as docs/backup-and-restore.md says. */
async function loseAndRestore(): Promise<void> {
  const name = new URL(scene.registerUrl).pathname.slice(1);
  await backups.sql(backups.server.url, `DROP DATABASE ${name} WITH (FORCE)`);
  await backups.database(name);
  const newest = goodIn(place).at(-1) ?? '';
  const [options = []] = documented;
  execFileSync('pg_restore', [...options, `--dbname=${scene.registerUrl}`, join(place, newest)]);
  expect((await run('migrate')).code).toBe(0);
}

async function expectClean(): Promise<void> {
  await scene.mirror();
  const audit = await run('audit');
  expect(json(audit)).toMatchObject({ clean: true, findings: [], notLookedAt: [] });
}

describeBackups('the loss of the register', () => {
  beforeAll(async () => {
    backups = await BackupScene.start();
  });
  afterAll(() => backups.stop());
  beforeEach(async () => {
    scene = await AuditScene.create('loss', backups.server.url);
    place = await backups.place();
    env = { ...scene.env, COLDROOM_BACKUP_DIR: place };
  });
  afterEach(() => scene.close());

  it('on a server without the roles that had rights in it: the documented commands restore it', async () => {
    const grants = readFileSync(join(docs, 'keda-grants.sql'), 'utf8');
    await backups.sql(scene.registerUrl, grants);
    await backUp();
    const name = new URL(scene.registerUrl).pathname.slice(1);
    await backups.sql(backups.server.url, `DROP DATABASE ${name} WITH (FORCE)`);
    await backups.sql(backups.server.url, 'DROP ROLE coldroom_keda');
    await backups.database(name);
    await loseAndRestore();
    await backups.sql(scene.registerUrl, grants);
    await expectClean();
    expect(documented).toEqual([restoreOptions, restoreOptions, restoreOptions]);
  });

  it('with requests that were made after the newest backup: everything is known again', async () => {
    const old = await scene.archive('main', [3, 2]);
    await backUp();
    const later = await scene.archive('main', [4]);
    await scene.archive('main', [1, 1]);
    await scene.release(old.requestId);
    await scene.release(later.requestId);
    const before = await rows();

    await loseAndRestore();
    expect((await scene.register.reports.files({ limit: 1000 })).length).toBe(5);
    const rebuilt = await run('rebuild', '--restored');
    expect({ code: rebuilt.code, ...json(rebuilt) }).toMatchObject({
      code: 0,
      bags: { found: 3, rebuilt: 2, known: 1 },
      files: { released: 4, linked: 2, skipped: 0 },
    });
    expect((await scene.register.requests.list()).map(({ id, state }) => `${id} ${state}`).sort()).toEqual([
      '1 Finished',
      '2 Finished',
      '3 Finished',
    ]);
    // Originals that were released since the backup are held, as far as the register knows: the linker finds them gone.
    await scene.releaseAgain(old.requestId);
    expect(await rows()).toEqual(before);
    await expectClean();
    // Who asked for what before the backup is known; a rebuild without a backup would not have it.
    expect(await scene.register.requests.list()).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: old.requestId, requester: old.tiny.user.omename })]),
    );
    expect(json(await run('rebuild', '--restored'))).toMatchObject({ bags: { rebuilt: 0, known: 3 } });
  });

  it('with requests that were carried out after it: they are finished, and services find nothing to do', async () => {
    const undecided = await scene.request([2, 1]);
    const started = await scene.request([3]);
    await scene.carryOut(started.requestId, 'main', 'verified');
    const sealed = await scene.request([1]);
    await scene.carryOut(sealed.requestId, 'main', 'sealed');
    await backUp();
    await scene.goOn();
    await scene.carryOut(undecided.requestId, 'main');
    const before = await rows();

    await loseAndRestore();
    const rebuilt = await run('rebuild', '--restored');
    expect({ code: rebuilt.code, ...json(rebuilt) }).toMatchObject({
      code: 0,
      bags: { found: 3, rebuilt: 3, known: 0 },
      files: { released: 0, linked: 7, skipped: 0 },
    });
    expect(await rows()).toEqual(before);
    expect((await scene.register.requests.list()).map(({ state }) => state)).toEqual(Array(3).fill('Finished'));
    expect(await scene.register.audit.wrongTotals()).toEqual([]);
    await expectClean();
    // Held originals can still be put back.
    await scene.undo([...new Set((await scene.register.reports.files({ limit: 1000 })).map(({ fileset }) => fileset))]);
    await expectClean();
  });

  it('with files that were put back and archived again after it: they count in the later bag', async () => {
    const { requestId, tiny } = await scene.archive('main', [2]);
    await backUp();
    const fileset = (await scene.register.reports.files({ requestId }))[0]!.fileset;
    await scene.undo([fileset]);
    const again = await scene.mark(tiny);
    await scene.carryOut(again, 'main');

    await loseAndRestore();
    const rebuilt = await run('rebuild', '--restored');
    expect({ code: rebuilt.code, ...json(rebuilt) }).toMatchObject({
      code: 0,
      bags: { found: 2, rebuilt: 1, known: 1 },
    });
    const states = async (of: bigint) =>
      (await scene.register.reports.files({ requestId: of })).map(({ state, code }) => [state, code]);
    expect(await states(requestId)).toEqual(Array(2).fill(['skipped', 'ARCHIVED_IN_ANOTHER_BAG']));
    expect(await states(again)).toEqual(Array(2).fill(['linked', null]));
    await expectClean();
    await scene.undo([fileset]);
    await expectClean();
  });

  it('what was not linked stays as the register had it', async () => {
    const half = await scene.request([2, 2]);
    const sealedOnly = await scene.request([1]);
    await backUp();
    await scene.carryOut(half.requestId, 'main');
    await scene.carryOut(sealedOnly.requestId, 'main', 'sealed');
    await loseAndRestore();
    const rebuilt = await run('rebuild', '--restored');
    expect(json(rebuilt)).toMatchObject({ bags: { found: 2, rebuilt: 1, known: 1 }, files: { linked: 4 } });
    const states = (await scene.register.reports.files({ requestId: sealedOnly.requestId })).map(({ state }) => state);
    expect(states).toEqual(['registered']);
    expect((await scene.register.requests.list()).find(({ id }) => id === sealedOnly.requestId)?.state).toBe('New');
  });

  it('files of a bag that was sealed meanwhile and not linked are archived in another one by a retry', async () => {
    const { requestId } = await scene.request([2]);
    await scene.carryOut(requestId, 'main', 'approved');
    await backUp();
    await scene.goOn('sealed');
    await loseAndRestore();
    for (const words of [['--dry-run'], []])
      expect(json(await run('rebuild', '--restored', ...words))).toMatchObject({ bags: { rebuilt: 0, known: 1 } });
    await expect(scene.goOn()).rejects.toMatchObject({ kind: 'refused', code: 'BAG_SEALED' });
    // As the pipeline records a refusal.
    await scene.inRegister(`UPDATE coldroom.file SET state = 'stuck', stuck_from = 'hashed', code = 'BAG_SEALED'`);
    await scene.inRegister(`UPDATE coldroom.bag SET state = 'done', lease_until = NULL, claimed_by = NULL`);
    expect((await run('files', 'retry', `Request:${requestId}`)).code).toBe(0);
    await scene.goOn();
    expect((await scene.register.reports.files({ requestId })).map(({ state }) => state)).toEqual(['linked', 'linked']);
    await expectClean();
  });

  it('a part of a request that was not archived waits for a decision again', async () => {
    const { requestId, tiny } = await scene.request([2, 1]);
    const files = await scene.register.reports.files({ requestId });
    const [one = '', other = ''] = [...new Set(files.map(({ fileset }) => fileset))].sort();
    await backUp();
    const { requests } = scene.register;
    await requests.approve(requestId, 'boss', null, { filesets: [one] });
    await requests.start(requestId, 'main', (nr) => `request-${requestId}-bag-${nr}`, 'test');
    await scene.goOn();
    expect(tiny.imageIds).toHaveLength(2);

    await loseAndRestore();
    const tried = json<object>(await run('rebuild', '--restored', '--dry-run'));
    const rebuilt = json<{ readonly newRequests: readonly string[] }>(await run('rebuild', '--restored'));
    expect(tried).toEqual({ ...rebuilt, dryRun: true });
    expect(rebuilt).toMatchObject({ bags: { rebuilt: 1 }, newRequests: [expect.any(String)] });
    const rest = BigInt(rebuilt.newRequests[0] ?? '');
    expect((await scene.register.requests.list()).map(({ id, state }) => [id, state])).toEqual(
      expect.arrayContaining([
        [requestId, 'Finished'],
        [rest, 'New'],
      ]),
    );
    expect((await scene.register.reports.files({ requestId: rest })).map(({ fileset }) => fileset)).toEqual([other]);
    expect(await scene.register.audit.wrongTotals()).toEqual([]);
    await expectClean();
    await scene.carryOut(rest, 'main');
    await expectClean();
  });

  it('is not caught up while services work, and an ordinary rebuild refuses a restored register', async () => {
    await scene.archive('main', [1]);
    await scene.register.services.report('linker', 60_000);
    expect(await run('rebuild', '--restored')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('REGISTER_IN_USE'),
    });
    expect(await run('rebuild')).toMatchObject({ code: 1, stderr: expect.stringContaining('REGISTER_NOT_EMPTY') });
    await scene.inRegister(`UPDATE coldroom.service_report SET next_at = 'infinity'`);
    expect(await run('rebuild', '--restored')).toMatchObject({ code: 0 });
    const linker = new Register(scene.registerUrl, { applicationName: 'coldroom linker' });
    await linker.reports.clock();
    expect(await run('rebuild', '--restored')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('REGISTER_IN_USE'),
    });
    await linker.close();
  });

  it('makes no new requests where a service began to work meanwhile', async () => {
    const { requestId } = await scene.request([2, 1]);
    const [one = ''] = (await scene.register.reports.files({ requestId })).map(({ fileset }) => fileset);
    await backUp();
    await scene.register.requests.approve(requestId, 'boss', null, { filesets: [one] });
    await scene.register.requests.start(requestId, 'main', (nr) => `request-${requestId}-bag-${nr}`, 'test');
    await scene.goOn();
    await loseAndRestore();
    const begin = `INSERT INTO coldroom.service_report (service, next_at) VALUES ('linker', now() + interval '1 minute')`;
    const around: Surroundings = {
      env,
      settings: (...parts) => readSettings(parts, env),
      register: (use) => use(scene.register),
    };
    const order = {
      dryRun: false,
      restored: true,
      progress: () => void execFileSync('psql', ['--quiet', '--command', begin, scene.registerUrl]),
    };
    await expect(rebuild(around, scene.register, order, 'test')).rejects.toMatchObject({ code: 'REGISTER_IN_USE' });
    expect(await scene.register.requests.list()).toHaveLength(1);
    await scene.inRegister('DELETE FROM coldroom.service_report');
    expect(json(await run('rebuild', '--restored'))).toMatchObject({ newRequests: [expect.any(String)] });
  });
});
