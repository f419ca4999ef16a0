import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { judgeAttempt, type FilesetWanted } from '@coldroom/domain';
import type { Misbehaviour } from '@coldroom/java-importer';
import { omeroCommand } from '@coldroom/omero-server';
import { Scene } from '../testing/scene';
import { listFilesets, type Listed } from './list';
import { runImport, type AttemptEnd } from './run-import';
import { OmeroSessions } from './sessions';

const command = omeroCommand();
let scene: Scene;
let sessions: OmeroSessions;
let key: string;
let log: string;

const openSession = async (): Promise<string> =>
  sessions.open('alice', { id: BigInt(scene.alice.groupId), name: 'microscopy' }, 600);

async function list(paths: readonly string[], known: readonly string[] = paths): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  const isKnown = (path: string): boolean => known.includes(path);
  const each = (fileset: Listed): void => void listed.push(fileset);
  await listFilesets(scene.settings, { paths: paths.map((path) => Buffer.from(path)), depth: 4, isKnown, each });
  return listed;
}

const wantedOf = (...paths: readonly string[]): readonly FilesetWanted[] =>
  paths.map((path, index) => ({ number: index + 1, clientPaths: [path.slice(1)] }));

type Order = Partial<Parameters<typeof runImport>[1]> & { readonly silenceMs?: number };

async function attempt(paths: readonly string[], { silenceMs, ...order }: Order = {}): Promise<AttemptEnd> {
  const { settings } = scene;
  return runImport(silenceMs === undefined ? settings : { ...settings, silenceMs }, {
    sessionKey: key,
    paths: paths.map((path) => Buffer.from(path)),
    transfer: 'ln',
    checksumAlgorithm: 'SHA1-160',
    skip: ['thumbnails'],
    log,
    ...order,
  });
}

/** What the session made, compared with one fileset for each path: `1 complete, 0 missing, 0 unclear`. */
async function verdict(paths: readonly string[]): Promise<string> {
  const number = await scene.database.sessionNumber(key);
  const made = await scene.database.madeBy([number!], BigInt(scene.alice.id));
  const { complete, missing, unclear } = judgeAttempt(wantedOf(...paths), made, BigInt(scene.alice.groupId));
  return `${complete.size} complete, ${missing.length} missing, ${unclear.length} unclear`;
}

(command ? describe : describe.skip)('attempts with the real omero and a stand-in for Java', () => {
  beforeAll(async () => {
    scene = await Scene.make(command!);
    sessions = new OmeroSessions(scene.settings, { name: 'admin', password: 'admin' });
    key = await openSession();
  });
  afterAll(() => scene.stop());
  beforeEach(async () => {
    scene.installed.misbehave();
    log = join(scene.dir, `${randomUUID()}.log`);
    // The filesets of other tests are those of another session.
    await scene.client.query(`UPDATE event SET session = 0 WHERE session = (SELECT id FROM session WHERE uuid = $1)`, [
      key,
    ]);
  });

  test('files are grouped into filesets, with names of all kinds, and are imported as they were listed', async () => {
    const inbox = randomUUID();
    const names = [`it's "x" ä.tif`, '-f.tif', '#1.tif', 's_1.ome.tif', 's_2.ome.tif'];
    const paths = names.map((name) => scene.file(name, inbox));
    const listed = await list(paths);
    expect(listed.map(({ number, paths: files }) => [number, files.length])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
    ]);
    expect(new Set(listed.flatMap(({ paths: files }) => files))).toEqual(new Set(paths));
    expect(listed[0]!.reader).toBe('loci.formats.in.TiffReader');

    const ended = await attempt(
      listed.map(({ paths: files }) => files[0]!),
      { target: 'Dataset:name:New', name: '-n' },
    );
    expect(ended).toMatchObject({ exitCode: 0, log });
    const made = await scene.database.madeBy([(await scene.database.sessionNumber(key))!], BigInt(scene.alice.id));
    expect([...judgeAttempt(listed, made, BigInt(scene.alice.groupId)).complete.keys()].sort()).toEqual([1, 2, 3, 4]);
    expect(ended.hints.map(({ filesetId }) => filesetId)).toEqual(made.map(({ filesetId }) => filesetId));
    expect(await scene.value('SELECT count(DISTINCT name)::int FROM image WHERE name LIKE $1', '-n%')).toBe(1);
    expect(readFileSync(log, 'utf8')).toContain('==> Summary');
    expect(readFileSync(log, 'utf8')).not.toContain(key);
    for (const path of paths) expect(existsSync(path)).toBe(true);
  });

  test('a list with files not found before, or with none, is refused, and so is a missing client', async () => {
    const bad = scene.file('a\nb.tif');
    const refusal = (code: string): object => ({ kind: 'refused', code });
    await expect(list([dirname(bad)], [bad])).rejects.toMatchObject(refusal('IMPORT_LIST_UNCLEAR'));
    await expect(list([scene.file('late.tif')], [])).rejects.toMatchObject({
      ...refusal('IMPORT_LIST_UNCLEAR'),
      message: expect.stringContaining('was not found before'),
    });
    await expect(list([scene.file('a.unknown')])).rejects.toMatchObject(refusal('IMPORT_NOTHING_FOUND'));
    const clientDir = join(scene.dir, 'empty');
    mkdirSync(clientDir, { recursive: true });
    const order = { paths: [Buffer.from(bad.replace('\n', ''))], depth: 1, isKnown: () => true, each: () => undefined };
    await expect(listFilesets({ ...scene.settings, clientDir }, order)).rejects.toMatchObject(
      refusal('OMERO_CLIENT_MISSING'),
    );
  });

  const file = 'a.tif';
  // prettier-ignore
  test.each<[string, Misbehaviour | undefined, number | null, string]>([
    ['a reader that fails', { do: 'broken-file', file }, 0, '1 complete, 1 missing, 0 unclear'],
    ['an unknown format', { do: 'unknown-format', file }, 0, '1 complete, 1 missing, 0 unclear'],
    ['a kill before anything', { do: 'crash', at: 'started' }, 247, '0 complete, 2 missing, 0 unclear'],
    ['a kill before the first byte', { do: 'crash', at: 'registered', file }, 247, '0 complete, 1 missing, 1 unclear'],
    ['a kill before the images', { do: 'crash', at: 'uploaded', file }, 247, '0 complete, 1 missing, 1 unclear'],
    ['a kill after the images, without output', { do: 'crash', at: 'imported', file }, 247, '1 complete, 1 missing, 0 unclear'],
    ['a failing server', { do: 'fail', at: 'uploaded', file }, 2, '0 complete, 1 missing, 1 unclear'],
    ['a checksum that differs', { do: 'corrupt-upload', file }, 2, '0 complete, 1 missing, 1 unclear'],
    ['success without an image', { do: 'no-images', file }, 0, '1 complete, 0 missing, 1 unclear'],
    ['an import that is made twice', { do: 'import-twice', file }, 0, '2 complete, 0 missing, 1 unclear'],
    ['output that is cut', { do: 'cut-output', bytes: 9 }, 0, '2 complete, 0 missing, 0 unclear'],
    ['an exit code without a reason', { do: 'exit', code: 255 }, 255, '2 complete, 0 missing, 0 unclear'],
  ])('%s is judged by what OMERO has', async (_what, fault, exitCode, expected) => {
    const inbox = randomUUID();
    const paths = [scene.file('a.tif', inbox), scene.file('b.tif', inbox)];
    scene.installed.misbehave(fault!);
    expect(await attempt(paths)).toMatchObject({ exitCode });
    expect(scene.installed.done()).not.toEqual([]);
    expect(await verdict(paths)).toBe(expected);
    for (const path of paths) expect(existsSync(path)).toBe(true);
  });

  test('an aborted attempt, and one that is silent, leave no Java that imports', async () => {
    const paths = [scene.file('a.tif')];
    const stop = new AbortController();
    scene.installed.misbehave({ do: 'wait', at: 'uploaded', ms: 2_000 });
    const running = attempt(paths, { signal: stop.signal });
    while (scene.installed.done().length === 0) await sleep(50);
    stop.abort();
    expect(await running).toMatchObject({ exitCode: null, killed: 'aborted', hints: [] });
    await sleep(2_500);
    expect(await verdict(paths)).toBe('0 complete, 0 missing, 1 unclear');

    const other = [scene.file('b.tif')];
    scene.installed.misbehave({ do: 'hang', at: 'started' });
    expect(await attempt(other, { silenceMs: 12_000 })).toMatchObject({ exitCode: null, killed: 'silent' });
    expect(await verdict(other)).toBe('0 complete, 1 missing, 1 unclear');
  });

  test('a server that finishes later: unclear before, complete after, the session closed in between', async () => {
    const paths = [scene.file('a.tif')];
    scene.installed.misbehave({ do: 'crash-and-finish-later', ms: 4_000 });
    await attempt(paths);
    expect(await verdict(paths)).toBe('0 complete, 0 missing, 1 unclear');
    await sessions.close(key);
    for (let tries = 0; tries < 100 && !(await verdict(paths)).startsWith('1'); tries += 1) await sleep(200);
    expect(await verdict(paths)).toBe('1 complete, 0 missing, 0 unclear');

    const refused = await attempt(paths);
    expect(refused).toMatchObject({ exitCode: 523 % 256, hints: [] });
    expect(readFileSync(log, 'utf8')).toContain('Cannot join *** on 127.0.0.1');
    key = await openSession();
  });

  test('a session that ends in between', async () => {
    const inbox = randomUUID();
    const paths = [scene.file('a.tif', inbox), scene.file('b.tif', inbox)];
    scene.installed.misbehave({ do: 'end-session', at: 'printed', file: 'a.tif' });
    expect(await attempt(paths)).toMatchObject({ exitCode: 2 });
    expect(await verdict(paths)).toBe('1 complete, 1 missing, 0 unclear');
  });

  test('a mode that removes sources is never passed on', async () => {
    const transfer = 'ln_rm' as 'ln';
    await expect(attempt([scene.file('a.tif')], { transfer })).rejects.toThrow(RangeError);
  });
});
