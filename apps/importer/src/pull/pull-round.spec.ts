import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bufferMarker, Imports, parseImports, type Instrument } from '@coldroom/buffers';
import { onCrashPoint, type CrashPoint } from '@coldroom/domain';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { migrate, Register, type PulledSet } from '@coldroom/register';
import { listSet, listSets } from './listing';
import { PullRound } from './pull-round';

const files = new Files({ threads: 1 });
let dir: string;
let url: string;
let register: Register;
let sql: pg.Pool;
let log: RecordedLog;
const buffer = (...names: string[]): string => join(dir, 'buffer', ...names);
const scope = (...names: string[]): string => join(dir, 'scope', ...names);

beforeAll(async () => {
  url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'importer_pull', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
});
afterAll(async () => {
  await sql.end();
  await register.close();
  await files.close();
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-pull-'));
  mkdirSync(buffer());
  mkdirSync(scope());
  await writeMarker(buffer(), bufferMarker('main'));
  await sql.query('TRUNCATE import_pulled, import_instrument');
  log = new RecordedLog();
});
afterEach(() => {
  onCrashPoint(undefined);
  rmSync(dir, { recursive: true });
});

function file(path: string | Buffer, content: string | Buffer = 'x'): void {
  const at = Buffer.concat([Buffer.from(`${scope()}/`), Buffer.from(path)]);
  mkdirSync(at.subarray(0, at.lastIndexOf(0x2f)), { recursive: true });
  writeFileSync(at, content);
  utimesSync(at, 1_700_000_000, 1_700_000_000);
}

interface Pulling {
  readonly instrument: Instrument;
  /** As it is in the imports file. */
  readonly change: object;
  /** One round, whether it is due or not. */
  readonly round: (stop?: AbortSignal) => Promise<void>;
}
function pulling(change: object = {}, bufferChange: object = {}): Pulling {
  const instrument = {
    from: scope(),
    sets: '{login}/{name}',
    into: { buffer: 'main', directory: '{login}/scope/{name}' },
    ready: { stable: '0' },
    ...change,
  };
  const settings = { buffers: { main: { directory: buffer(), ...bufferChange } }, instruments: { scope: instrument } };
  const imports = new Imports(parseImports(settings), join(dir, 'OMERO'));
  const one = new PullRound(imports, register, files, log);
  return {
    instrument: imports.instruments[0] as Instrument,
    change: instrument,
    round: async (stop = new AbortController().signal) => {
      await register.imports.pulls.ask('scope', 'test');
      await sql.query("UPDATE import_pulled SET not_before = now() - interval '1 s'");
      await one.run(imports.instruments[0] as Instrument, stop);
    },
  };
}
async function twoRounds({ round }: Pulling): Promise<readonly PulledSet[]> {
  await round();
  await sleep(10);
  await round();
  return register.imports.pulls.sets('scope');
}
const failure = async () => (await register.imports.pulls.instruments())[0]?.failure;
const faultsOf = (sets: readonly PulledSet[]): readonly (string | undefined)[] =>
  sets.map(({ fault, note }) => (fault ?? note ?? undefined)?.split(':')[0]);

it('copies a set that stays the same, with times, and changes nothing at the instrument', async () => {
  file('alice/day 1/a.tif', 'pixels');
  file('alice/day 1/sub/b.tif', 'more');
  file('alice/loose.tif');
  const before = execFileSync('find', [scope(), '-printf', '%p %s %T@ %C@ %i %n\n']).toString();
  const pull = pulling();
  await pull.round();
  expect(existsSync(buffer('alice'))).toBe(false);
  await sleep(10);
  await pull.round();
  expect(readFileSync(buffer('alice/scope/day 1/sub/b.tif'), 'utf8')).toBe('more');
  expect(statSync(buffer('alice/scope/day 1/a.tif')).mtimeMs).toBe(1_700_000_000_000);
  expect(statSync(buffer('alice/scope/day 1/a.tif')).nlink).toBe(1);
  expect(await register.imports.pulls.sets('scope')).toMatchObject([
    { display: 'alice/day 1', files: 2, bytes: 10n, destination: buffer('alice/scope/day 1'), fault: null },
  ]);
  expect(execFileSync('find', [scope(), '-printf', '%p %s %T@ %C@ %i %n\n']).toString()).toBe(before);
  expect(await failure()).toBeNull();
});

it('copies names of any bytes', async () => {
  const odd = Buffer.from('alice/\xff #\n-e\\#012/-rf \xfe\n', 'latin1');
  file(odd, 'odd');
  const [set] = await twoRounds(pulling());
  expect(set).toMatchObject({ files: 1, fault: null });
  const name = Buffer.from('\xff #\n-e\\#012', 'latin1');
  const arrived = Buffer.concat([Buffer.from(buffer('alice/scope/')), name, Buffer.from('/-rf \xfe\n', 'latin1')]);
  expect(readFileSync(arrived, 'utf8')).toBe('odd');
});

it('reaches another machine by the program that is set', async () => {
  const ssh = join(dir, 'ssh');
  writeFileSync(ssh, `#!/bin/sh\necho "$@" >>"${dir}/calls"\n[ "$1" = -l ] && shift 2\nshift\nexec sh -c "$*"\n`);
  chmodSync(ssh, 0o755);
  file("alice/it's $(touch x)/a.tif", 'far');
  const [set] = await twoRounds(pulling({ from: `scope@pc-7:${scope()}`, ssh }));
  expect(set).toMatchObject({ destination: buffer("alice/scope/it's $(touch x)"), fault: null });
  expect(readFileSync(buffer("alice/scope/it's $(touch x)/a.tif"), 'utf8')).toBe('far');
  expect(readFileSync(join(dir, 'calls'), 'utf8')).toMatch(/^-l scope pc-7 rsync --server --sender/);
});

it('waits for an instrument that does not answer', async () => {
  file('alice/day 1/a.tif');
  const pull = pulling({ from: `pc-7:${scope()}`, ssh: 'false' });
  await twoRounds(pull);
  expect(await failure()).toMatch(/^PULL_UNREACHABLE: /);
  expect(log.of('instrument not pulled')).toHaveLength(2);
});

it('waits while the buffer is not mounted', async () => {
  file('alice/day 1/a.tif');
  renameSync(buffer('.coldroom-root'), join(dir, 'marker'));
  await twoRounds(pulling());
  expect(await failure()).toMatch(/^ROOT_UNAVAILABLE: /);
  expect(readdirSync(buffer())).toEqual([]);
});

it.each<[string, () => void]>([
  ['a file is still being written', () => file('alice/day 1/b.tif.part')],
  ['the marker is missing', () => file('alice/day 1/sub/done.txt')],
])('waits while %s', async (what, change) => {
  file('alice/day 1/a.tif');
  if (!what.includes('marker')) file('alice/day 1/done.txt');
  change();
  expect(await twoRounds(pulling({ ready: { stable: '0', marker: 'done.txt' } }))).toMatchObject([
    { arrivedAt: null, fault: null },
  ]);
});

it('waits until a set has stayed the same for the time that is set', async () => {
  const pull = pulling({ ready: { stable: '1s' } });
  file('alice/day 1/a.tif', '1');
  await pull.round();
  await sleep(600);
  file('alice/day 1/a.tif', '12');
  await pull.round();
  await sleep(600);
  await pull.round();
  expect(existsSync(buffer('alice'))).toBe(false);
  await sleep(600);
  await pull.round();
  expect(readFileSync(buffer('alice/scope/day 1/a.tif'), 'utf8')).toBe('12');
});

it('never touches what is in the buffer already', async () => {
  file('alice/day 1/a.tif', 'of the instrument');
  mkdirSync(buffer('alice/scope/day 1'), { recursive: true });
  writeFileSync(buffer('alice/scope/day 1/mine.tif'), 'mine');
  expect(faultsOf(await twoRounds(pulling()))).toEqual(['PULL_TARGET_TAKEN']);
  expect(readdirSync(buffer('alice/scope/day 1'))).toEqual(['mine.tif']);
});

it('does not follow a link in the buffer', async () => {
  file('alice/day 1/a.tif');
  mkdirSync(join(dir, 'elsewhere'));
  symlinkSync(join(dir, 'elsewhere'), buffer('alice'));
  expect(faultsOf(await twoRounds(pulling()))).toEqual(['PARENT_NOT_A_DIRECTORY']);
  expect(readdirSync(join(dir, 'elsewhere'))).toEqual([]);
});

it('refuses a set with a link, and says which', async () => {
  file('alice/day 1/a.tif');
  symlinkSync('/etc/passwd', scope('alice/day 1/link'));
  const [set] = await twoRounds(pulling());
  expect(set?.fault).toMatch(/^PULL_ENTRY_KIND: link is neither/);
  expect(existsSync(buffer('alice'))).toBe(false);
});

it('reports a set that changes after it was pulled once, and leaves both as they are', async () => {
  file('alice/day 1/a.tif', 'first');
  const pull = pulling();
  await twoRounds(pull);
  file('alice/day 1/b.tif');
  expect(faultsOf(await twoRounds(pull))).toEqual(['PULL_SET_CHANGED']);
  await pull.round();
  expect(log.of('set not pulled')).toHaveLength(1);
  expect(readdirSync(buffer('alice/scope/day 1'))).toEqual(['a.tif']);
  rmSync(scope('alice/day 1/b.tif'));
});

describe('a copy', () => {
  it('that differs from the instrument, although sizes and times are the same, does not arrive', async () => {
    file('alice/day 1/a.tif', 'right');
    onCrashPoint((name) => {
      if (name !== 'pull:2-copied') return;
      onCrashPoint(undefined);
      const [copy = ''] = execFileSync('find', [buffer('.coldroom-locks'), '-name', 'a.tif'])
        .toString()
        .split('\n');
      writeFileSync(copy, 'wrong');
      utimesSync(copy, 1_700_000_000, 1_700_000_000);
    });
    const pull = pulling();
    expect(faultsOf(await twoRounds(pull))).toEqual(['PULL_NOT_PROVEN']);
    expect(existsSync(buffer('alice/scope/day 1'))).toBe(false);
  });

  it.each<[string, () => void, string]>([
    ['a file more', () => file('alice/day 1/b.tif'), 'PULL_NOT_PROVEN'],
    ['a file less', () => rmSync(scope('alice/day 1/c.tif')), 'PULL_SOURCE_CHANGED'],
    ['another content', () => file('alice/day 1/a.tif', 'longer'), 'PULL_NOT_PROVEN'],
    ['another name', () => renameSync(scope('alice/day 1/a.tif'), scope('alice/day 1/d.tif')), 'PULL_NOT_PROVEN'],
  ])('does not arrive if the instrument has %s meanwhile', async (_, change, code) => {
    file('alice/day 1/a.tif');
    file('alice/day 1/c.tif');
    onCrashPoint((name) => {
      if (name !== 'pull:2-copied') return;
      onCrashPoint(undefined);
      change();
    });
    expect(faultsOf(await twoRounds(pulling()))).toEqual([code]);
    expect(existsSync(buffer('alice/scope/day 1'))).toBe(false);
  });

  it('with files that the instrument no longer has waits for a person', async () => {
    file('alice/day 1/a.tif');
    file('alice/day 1/c.tif');
    onCrashPoint((name) => {
      if (name !== 'pull:2-copied') return;
      onCrashPoint(undefined);
      rmSync(scope('alice/day 1/c.tif'));
    });
    const pull = pulling();
    await twoRounds(pull);
    expect(faultsOf(await twoRounds(pull))).toEqual(['PULL_FILES_LEFT']);
    rmSync(buffer('.coldroom-locks/pull'), { recursive: true });
    expect(faultsOf(await twoRounds(pull))).toEqual([undefined]);
    expect(readdirSync(buffer('alice/scope/day 1'))).toEqual(['a.tif']);
  });

  it.each(['pull:1-directory-made', 'pull:2-copied', 'pull:3-proven', 'pull:4-moved'] satisfies CrashPoint[])(
    'is finished after a crash at %s',
    async (point) => {
      file('alice/day 1/a.tif', 'pixels');
      const pull = pulling();
      await pull.round();
      await sleep(10);
      onCrashPoint((name) => {
        if (name === point) throw new Error('crash');
      });
      await pull.round();
      expect(await register.imports.pulls.sets('scope')).toMatchObject([{ arrivedAt: null }]);
      onCrashPoint(undefined);
      await pull.round();
      expect(await register.imports.pulls.sets('scope')).toMatchObject([
        { destination: buffer('alice/scope/day 1'), fault: null, note: null },
      ]);
      expect(readFileSync(buffer('alice/scope/day 1/a.tif'), 'utf8')).toBe('pixels');
    },
  );

  it('that took the place after a crash is not mistaken for ours', async () => {
    file('alice/day 1/a.tif', 'pixels');
    const pull = pulling();
    await pull.round();
    await sleep(10);
    onCrashPoint((name) => {
      if (name === 'pull:4-moved') throw new Error('crash');
    });
    await pull.round();
    onCrashPoint(undefined);
    renameSync(buffer('alice/scope/day 1'), buffer('alice/scope/kept'));
    mkdirSync(buffer('alice/scope/day 1'));
    await pull.round();
    expect(faultsOf(await register.imports.pulls.sets('scope'))).toEqual(['PULL_TARGET_TAKEN']);
    expect(readdirSync(buffer('alice/scope/day 1'))).toEqual([]);
  });

  it('that is stopped in the middle leaves no rsync, nothing in its place, and is resumed', async () => {
    file('alice/day 1/large.tif', Buffer.alloc(8_000_000, 7));
    const pull = pulling({ rate: '1MB/s' });
    await pull.round();
    await sleep(10);
    const stop = new AbortController();
    const running = pull.round(stop.signal);
    await sleep(2500);
    stop.abort();
    await running;
    expect(spawnSync('pgrep', ['-f', dir]).stdout.toString()).toBe('');
    expect(existsSync(buffer('alice'))).toBe(false);
    expect(await failure()).toMatch(/^PULL_STOPPED/);
    const [part = ''] = execFileSync('find', [buffer('.coldroom-locks'), '-path', '*/.coldroom-partial/large.tif'])
      .toString()
      .split('\n');
    expect(statSync(part).size).toBeGreaterThan(500_000);
    const [staging = ''] = part.split('/alice/');
    writeFileSync(join(staging, '.temporary/.large.tif.Ab12Cd'), 'left by an rsync that was killed');
    await pulling().round();
    expect(readdirSync(join(staging, '.temporary'))).toEqual([]);
    expect(statSync(buffer('alice/scope/day 1/large.tif')).size).toBe(8_000_000);
    expect(readdirSync(buffer('alice/scope/day 1'))).toEqual(['large.tif']);
  });
});

it('lists the same set in the same way, with others and alone', async () => {
  for (const path of ['alice/a/z/y/1', 'alice/a/b', 'alice/a.b/c', 'alice/a/z-1/2', 'alice/a/-', 'bob/a/b']) file(path);
  const { instrument } = pulling();
  const { signal } = new AbortController();
  const { sets: all, unread } = await listSets(instrument, signal);
  expect(unread).toBeNull();
  expect(all.map(({ path, files: count }) => `${path.toString()} ${count}`).sort()).toEqual([
    'alice/a 4',
    'alice/a.b 1',
    'bob/a 1',
  ]);
  for (const set of all) expect(await listSet(instrument, set.path, signal)).toEqual(set);
});

it('is one round at a time, when it is due or asked for', async () => {
  file('alice/day 1/a.tif');
  const { pulls } = register.imports;
  expect(await pulls.begin('scope', 60_000)).toBe(true);
  expect(await pulls.begin('scope', 60_000)).toBe(false);
  await pulls.ask('scope', 'dora');
  expect(await pulls.begin('scope', 60_000)).toBe(true);
  expect(await pulls.begin('scope', 60_000)).toBe(false);
  expect(await pulls.begin('scope', 0)).toBe(true);
});

it('needs the directory for locks in the buffer: a copy gets its name there by a rename', async () => {
  file('alice/day 1/a.tif');
  mkdirSync(buffer('locks'));
  const outside = pulling({}, { locks: join(dir, 'locks') });
  expect(faultsOf(await twoRounds(outside))).toEqual(['PULL_LOCKS_OUTSIDE']);
});

it('says that the directory of an instrument is not there', async () => {
  await twoRounds(pulling({ from: join(dir, 'none') }));
  expect(await failure()).toMatch(/^PULL_SOURCE_CHANGED: .*No such file/);
});

const isRoot = process.getuid?.() === 0;
(isRoot ? it : it.skip)('pulls what can be read beside what cannot, and never half of a set', async () => {
  const ssh = join(dir, 'ssh');
  writeFileSync(ssh, '#!/bin/sh\nshift\nexec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$*"\n');
  chmodSync(ssh, 0o755);
  chmodSync(dir, 0o755);
  file('alice/day 1/a.tif');
  file('alice/day 2/a.tif');
  file('alice/day 2/closed/b.tif');
  file('System Volume Information/x');
  chmodSync(scope('alice/day 2/closed'), 0o700);
  chmodSync(scope('System Volume Information'), 0o700);
  const sets = await twoRounds(pulling({ from: `pc-7:${scope()}`, ssh }));
  expect(await failure()).toMatch(/System Volume Information.*Permission denied|Permission denied/);
  expect(faultsOf(sets)).toEqual(['PULL_SOURCE_CHANGED', undefined]);
  expect(readdirSync(buffer('alice/scope'))).toEqual(['day 1']);
});

it('leaves no rsync behind when its process is killed, and resumes', async () => {
  file('alice/day 1/large.tif', Buffer.alloc(8_000_000, 7));
  const pull = pulling({ rate: '1MB/s' });
  await pull.round();
  await sleep(10);
  await register.imports.pulls.ask('scope', 'test');
  const settings = JSON.stringify({ buffers: { main: { directory: buffer() } }, instruments: { scope: pull.change } });
  const script = `
    const { Imports, parseImports } = require('@coldroom/buffers');
    const { Files } = require('@coldroom/files');
    const { Register } = require('@coldroom/register');
    const { Log } = require('@coldroom/runtime');
    const { PullRound } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'pull', 'pull-round.js'))});
    const imports = new Imports(parseImports(${settings}), '/none');
    const round = new PullRound(imports, new Register(${JSON.stringify(url)}), new Files({ threads: 1 }), new Log('test'));
    round.run(imports.instruments[0], new AbortController().signal);
  `;
  const worker = spawn(process.execPath, ['-e', script], { cwd: join(__dirname, '..', '..'), stdio: 'ignore' });
  const running = () => spawnSync('pgrep', ['-f', `temp-dir=${dir}`]).stdout.toString();
  for (const end = Date.now() + 20_000; running() === '' && Date.now() < end;) await sleep(100);
  await sleep(1500);
  expect(running()).not.toBe('');
  worker.kill('SIGKILL');
  for (const end = Date.now() + 5000; running() !== '' && Date.now() < end;) await sleep(50);
  expect(running()).toBe('');
  expect(existsSync(buffer('alice'))).toBe(false);
  await pulling().round();
  expect(statSync(buffer('alice/scope/day 1/large.tif')).size).toBe(8_000_000);
  expect(readdirSync(buffer('alice/scope/day 1'))).toEqual(['large.tif']);
});

(isRoot ? it : it.skip)('waits for room when the disk of the buffer is full', async () => {
  const small = join(dir, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', small]);
  try {
    await writeMarker(small, bufferMarker('main'));
    file('alice/day 1/large.tif', Buffer.alloc(4_000_000, 7));
    const pull = pulling({}, { directory: small });
    await twoRounds(pull);
    expect(await failure()).toMatch(/^PULL_BUFFER_FULL: /);
    expect(existsSync(join(small, 'alice'))).toBe(false);
    execFileSync('mount', ['-o', 'remount,size=20m', small]);
    await pull.round();
    expect(lstatSync(join(small, 'alice/scope/day 1/large.tif')).size).toBe(4_000_000);
  } finally {
    execFileSync('umount', [small]);
  }
});
