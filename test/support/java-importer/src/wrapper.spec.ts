import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { omeroCommand, omeroPython, startOmeroServer, type RunningOmeroServer } from '@coldroom/omero-server';
import { Scene, type Ended } from './testing/scene';

const command = omeroCommand();
let scene: Scene;
let server: RunningOmeroServer;

/** How the real `omero` is started, which keeps its sessions in a directory of the scene. */
function started(words: readonly string[]): [program: string, args: string[], env: NodeJS.ProcessEnv] {
  const userDir = join(scene.dir, 'omero');
  mkdirSync(userDir, { recursive: true });
  const [program = '', ...args] = [...command!, ...words];
  const PATH = `${scene.installed.bin}:${process.env['PATH']}`;
  return [program, args, { PATH, HOME: scene.dir, OMERO_USERDIR: userDir, OMERODIR: userDir }];
}

function omero(words: readonly string[], input = ''): Ended {
  const [program, args, env] = started(words);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input, timeout: 50_000, env });
  return { code: status ?? undefined, stdout, stderr };
}

const at = (): readonly string[] => ['-s', '127.0.0.1', '-p', String(server.port)];
const sessions = (name: string, ...words: readonly string[]): Ended =>
  omero(['sessions', ...at(), '-u', name, '-w', name, '-C', ...words]);
const importWords = (): readonly string[] => [
  'import',
  ...at(),
  '-k',
  scene.key,
  '--clientdir',
  scene.installed.clientDir,
];
const importing = (words: readonly string[], input?: string): Ended => omero([...importWords(), ...words], input);
const open = (...words: readonly string[]): Ended => sessions('admin', 'open', ...words);
/** The shell gets the last byte of OMERO's codes. */
const BAD_SESSION_KEY = 523 % 256;

(command ? describe : describe.skip)('the real omero with the stand-in for Java', () => {
  beforeAll(async () => {
    scene = await Scene.make();
    server = await startOmeroServer(omeroPython()!, { dir: join(scene.dir, 'server'), databaseUrl: scene.databaseUrl });
    await scene.fresh();
    scene.key = open('--user-name', 'alice', '--group-name', 'microscopy', '--timeout', '600').stdout.trim();
  });
  afterAll(async () => {
    await server.stop();
    await scene.stop();
  });
  beforeEach(() => scene.installed.misbehave());

  test('a session for a user joins, imports, prints identifiers only, and keeps what it made', async () => {
    const ended = importing(['--output', 'yaml', '-T', 'Dataset:name:New', scene.file('yaml.tif')]);
    expect(ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^---\n- Fileset: \d+\n {2}Image: \[\d+\]\n$/),
      stderr: expect.stringMatching(/Joined session for alice@127[^]*==> Summary/),
    });
    expect(await scene.made()).toEqual({ filesets: 1, images: 1 });
  });

  test('options of all kinds arrive, also after --, and so do paths on standard input', () => {
    const [out, errs] = [scene.path('out.log'), scene.path('errs.log')];
    const words = ['--skip', 'all', '--depth', '2', '--parallel-fileset', '2', '--transfer=ln', '-n', 'x', '-x', 'y'];
    const logs = ['--file', out, '--errs', errs, '--output=legacy', '-c'];
    const ended = importing([...words, ...logs, '--', '--keep-alive=60', '-'], `${scene.file('options.tif')}\n`);
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(out, 'utf8')).toMatch(/^\d+\n$/);
    expect(readFileSync(errs, 'utf8')).toContain('==> Summary');
  });

  test('exit codes of Java are passed on, and a killed Java has one of its own', () => {
    scene.installed.misbehave({ do: 'exit', code: 3 }, { do: 'crash', at: 'imported', file: 'killed.tif' });
    expect(importing([scene.file('code.tif')]).code).toBe(3);
    expect(importing([scene.file('killed.tif')])).toMatchObject({ code: 256 - 9, stdout: '' });
  });

  test('a killed omero leaves its Java, which goes on; a killed process group leaves nothing', async () => {
    scene.installed.misbehave({ do: 'wait', at: 'uploaded', ms: 1_500 });
    const before = await scene.made();
    for (const whom of ['group', 'omero'] as const) {
      const [program, args, env] = started([...importWords(), scene.file(`${whom}.tif`)]);
      const child = spawn(program, args, { detached: true, stdio: 'ignore', env });
      const ended = once(child, 'exit');
      while (!scene.installed.done().some((line) => line.endsWith(`${whom}.tif`))) await sleep(50);
      process.kill(whom === 'group' ? -child.pid! : child.pid!, 'SIGTERM');
      await ended;
    }
    expect(await scene.made()).toEqual({ filesets: before.filesets + 2, images: before.images });
    for (let tries = 0; tries < 100 && (await scene.made()).images === before.images; tries += 1) await sleep(200);
    // The one whose group was killed is the older: it would be done by now, or soon.
    await sleep(1_000);
    expect(await scene.made()).toEqual({ filesets: before.filesets + 2, images: before.images + 1 });
  });

  test('-f lists without a session', () => {
    const path = scene.file('listed.tif');
    const listed = omero(['import', '--clientdir', scene.installed.clientDir, '-f', path]);
    const end = `Reader: loci.formats.in.TiffReader\n${path}\n`;
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(end) });
  });

  test('a session that was closed, or whose time is over, imports nothing and starts no Java', async () => {
    expect(sessions('admin', 'close', scene.key)).toMatchObject({ code: 0, stdout: `Session ${scene.key} closed.\n` });
    expect(await scene.value('SELECT closed IS NOT NULL FROM session WHERE uuid = $1', scene.key)).toBe(true);
    const refused = importing([scene.file('closed.tif')]);
    expect(refused).toMatchObject({ code: BAD_SESSION_KEY, stdout: '' });
    expect(refused.stderr).toContain('Bad session key');

    scene.key = open('--user-name', 'alice', '--timeout', '1').stdout.trim();
    await sleep(1_100);
    expect(importing([scene.path('closed.tif')]).code).toBe(BAD_SESSION_KEY);
    expect(await scene.made()).toEqual({ filesets: 0, images: 0 });
  });

  test('no session for a user who is not there, nor by one without the right', () => {
    expect(open('--user-name', 'other').code).toBe(156);
    expect(sessions('alice', 'open', '--user-name', 'admin').code).toBe(111);
  });

  test('a group that there is not opens a session in the default group, with a word on stderr only', () => {
    const opened = open('--user-name', 'alice', '--group-name', 'other');
    expect(opened).toMatchObject({ code: 0, stderr: expect.stringContaining('other') });
    expect(opened.stderr).toContain('Session created for user alice (');
  });
});
