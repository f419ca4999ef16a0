import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '../testing/scene';
import { runOmero, type OmeroSettings } from './omero-command';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-command-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function settings(text: string, silenceMs = 30_000): OmeroSettings {
  const command = script(dir, 'omero', text);
  const rest = { path: process.env['PATH'] as string, host: '127.0.0.1', port: 1, clientDir: dir };
  return { command, workDir: join(dir, 'worker'), silenceMs, ...rest };
}

/** Writes to a file without end, as a second process that its parent waits for. Prints what the test wants. */
const withJava = (printed: string): string =>
  `cd ${dir}\nsh -c 'while :; do echo x >>java; ${printed}; sleep 0.02; done' & echo $$ >leader\nwait`;
const written = (): number => (existsSync(join(dir, 'java')) ? statSync(join(dir, 'java')).size : 0);

async function untilJavaRuns(): Promise<void> {
  while (written() === 0) await sleep(20);
}

async function expectJavaIsGone(): Promise<void> {
  const before = written();
  await sleep(200);
  expect(written()).toBe(before);
}

const killLeader = (): void => void process.kill(Number(readFileSync(join(dir, 'leader'), 'utf8')), 'SIGKILL');

test('an abort ends the second process as well', async () => {
  const stop = new AbortController();
  const running = runOmero(settings(withJava(':')), { args: [], signal: stop.signal });
  await untilJavaRuns();
  stop.abort();
  expect(await running).toMatchObject({ code: null, killed: 'aborted' });
  await expectJavaIsGone();
});

test('if omero alone is killed, by the kernel or a person, its Java ends with it', async () => {
  const running = runOmero(settings(withJava(':')), { args: [] });
  await untilJavaRuns();
  killLeader();
  const end = await running;
  expect(end).toMatchObject({ code: null });
  expect(end.killed).toBeUndefined();
  await expectJavaIsGone();
});

test('silence ends it, and output of either kind does not', async () => {
  expect(await runOmero(settings(withJava(':'), 500), { args: [] })).toMatchObject({ code: null, killed: 'silent' });
  await expectJavaIsGone();
  for (const stream of [1, 2]) {
    const text = `for i in 1 2 3 4 5 6; do echo x >&${stream}; sleep 0.2; done`;
    expect(await runOmero(settings(text, 600), { args: [] })).toMatchObject({ code: 0 });
  }
});

test('the end of the parent, however it comes, ends both', async () => {
  const main = join(__dirname, '../../dist/omero/omero-command.js');
  if (!existsSync(main)) throw new Error(`${main} is missing: build this package first`);
  const run = `require(${JSON.stringify(main)}).runOmero(${JSON.stringify(settings(withJava(':')))}, { args: [] })`;
  const parent = spawn(process.execPath, ['-e', run], { stdio: 'inherit' });
  await untilJavaRuns();
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  for (let tries = 0; tries < 50; tries += 1) {
    const before = written();
    await sleep(100);
    if (written() === before) break;
  }
  await expectJavaIsGone();
});

test('a process that stays behind after success is killed', async () => {
  const text = `cd ${dir}\nsh -c 'while :; do echo x >>java; sleep 0.02; done' >/dev/null 2>&1 &\nsleep 0.3\nexit 3`;
  expect(await runOmero(settings(text), { args: [] })).toMatchObject({ code: 3 });
  expect(written()).toBeGreaterThan(0);
  await expectJavaIsGone();
});

test('the environment has none of our settings, and the password only where it is given', async () => {
  const names = async (password?: string): Promise<readonly string[]> =>
    (await runOmero(settings('env'), { args: [], ...(password ? { password } : {}) })).output
      .split('\n')
      .map((line) => line.split('=')[0]!)
      .filter((name) => !['', 'PWD', '_', 'OLDPWD', 'SHLVL'].includes(name))
      .sort();
  process.env['REGISTER_DATABASE_URL'] ??= 'postgres://of-a-test';
  const usual = ['HOME', 'LC_ALL', 'OMERODIR', 'OMERO_TMPDIR', 'OMERO_USERDIR', 'PATH', 'TMPDIR', 'TZ'];
  expect(await names()).toEqual(usual);
  expect(await names('x')).toEqual([...usual, 'OMERO_PASSWORD'].sort());
  for (const part of ['omero', 'tmp']) expect(statSync(join(dir, 'worker', part)).mode & 0o777).toBe(0o700);
});

test('of a large output the first MiB is kept, and the command is not blocked', async () => {
  const end = await runOmero(settings('head -c 3000000 /dev/zero'), { args: [] });
  expect(end).toMatchObject({ code: 0 });
  expect(end.output).toHaveLength(1024 * 1024);
});

test('standard error is appended to the log, without secrets', async () => {
  const log = join(dir, 'attempt.log');
  const command = settings('echo "joined $1, $OMERO_PASSWORD" >&2');
  const order = { args: ['key-1'], secrets: ['key-1'], password: 'secret', log };
  expect((await runOmero(command, order)).message).toBe('joined ***, ***');
  await runOmero(command, order);
  expect(readFileSync(log, 'utf8')).toBe('joined ***, ***\n'.repeat(2));
});

test('an error of the reader ends the command, and is passed on', async () => {
  const read = (): never => {
    throw new RangeError('of the reader');
  };
  await expect(runOmero(settings(withJava('echo y')), { args: [], read })).rejects.toThrow('of the reader');
  await expectJavaIsGone();
});

test('input that is not read is no error; a missing command is one that says what to do', async () => {
  expect(await runOmero(settings('exit 0'), { args: [], input: Buffer.alloc(1_000_000) })).toMatchObject({ code: 0 });
  await expect(runOmero({ ...settings(''), command: join(dir, 'none') }, { args: [] })).rejects.toMatchObject({
    kind: 'refused',
    code: 'OMERO_COMMAND_MISSING',
  });
});
