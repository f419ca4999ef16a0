import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { doesNotTake, validator, validatorNames } from '@coldroom/bagit/testing';
import { ConsoleVisitor, type Waiting } from './testing/console-visitor';
import { clearDirectory } from './directory';
import { layoutOf } from './layout';

jest.setTimeout(600_000);

const base = mkdtempSync(join(tmpdir(), 'demo-spec-'));
chmodSync(base, 0o755); // root gives the sample to another user, who must be able to enter
const home = join(base, 'demo');
const program = join(__dirname, '..', 'dist', 'main.js');
const small = ['--images', '200', '--file-size', '2000'];
const holds = 'The proof holds: nothing was lost.';
const removed = 'What an earlier demo left';
const running = new Set<() => void>();

afterAll(async () => {
  for (const kill of running) kill();
  if (existsSync(home)) await clearDirectory(layoutOf(home));
  rmSync(base, { recursive: true });
});

interface Demo {
  readonly pid: number;
  readonly output: () => string;
  readonly said: (line: string) => Promise<void>;
  readonly end: (signal?: 'SIGINT' | 'SIGKILL') => Promise<{ readonly code: number | null; readonly output: string }>;
}

/** `npm run demo -- ...`, without the build. */
function demo(words: readonly string[] = [], env: Record<string, string> = {}, dir = home): Demo {
  const own = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.endsWith('_URL')));
  const child = spawn(process.execPath, [program, '--dir', dir, ...small, ...words], { env: { ...own, ...env } });
  const kill = (): void => void child.kill('SIGKILL');
  running.add(kill);
  let output = '';
  const wakers: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output += String(data);
      for (const wake of wakers) wake();
    });
  const ended = once(child, 'close').then(() => running.delete(kill));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    said: async (line) => {
      const seen = new Promise<void>((resolve) => {
        wakers.push(() => output.includes(line) && resolve());
        if (output.includes(line)) resolve();
      });
      await Promise.race([seen, ended]);
      if (!output.includes(line)) throw new Error(`the demo ended without "${line}":\n${output}`);
    },
    end: async (signal) => {
      if (signal) child.kill(signal);
      await ended;
      return { code: child.exitCode, output };
    },
  };
}

/** Validators that others wrote find all bags valid, but for those with names that they do not take. */
function expectVerdicts(store: string): void {
  const names = readdirSync(store).filter((name) => existsSync(join(store, name, 'bagit.txt')));
  expect(names.length).toBeGreaterThan(1);
  for (const each of validatorNames) {
    const found = validator(each)?.verdicts(names.map((name) => join(store, name)));
    const expected = names.map((name) => payloadOf(join(store, name)).some((path) => doesNotTake(each, path)));
    if (found)
      expect(names.map((name, at) => [name, found[at] !== ''])).toEqual(names.map((name, at) => [name, expected[at]]));
  }
}

/** By bytes: the recursive form of `readdirSync` knows strings only. */
function payloadOf(bag: string, below = Buffer.from('data')): readonly Buffer[] {
  const directory = Buffer.concat([Buffer.from(`${bag}/`), below]);
  return readdirSync(directory, { encoding: 'buffer', withFileTypes: true }).flatMap((entry) => {
    const path = Buffer.concat([below, Buffer.from('/'), entry.name]);
    return entry.isDirectory() ? payloadOf(bag, path) : [path];
  });
}

test('a sample is made, and the next demo resumes it after one that is killed while archiving', async () => {
  const sample = await demo(['--only-sample']).end();
  expect(sample.code).toBe(0);
  const killed = demo();
  await killed.said('Archiving');
  expect((await killed.end('SIGKILL')).output).not.toContain(removed);
});

test('after a killed demo, one that is interrupted while it makes its sample', async () => {
  const interrupted = demo();
  await interrupted.said('Sample OMERO');
  expect((await interrupted.end('SIGINT')).output).toContain(removed);
});

test('after that, a whole one with --keep, whose world passes its own doctor', async () => {
  const kept = demo(['--keep']);
  await kept.said('Servers and data stay');
  expect(kept.output()).toContain(holds);
  expectVerdicts(layoutOf(home).store);
  const settings = /npx coldroom --env (\S+) doctor/.exec(kept.output())?.[1] ?? '';
  const doctor = spawnSync(
    process.execPath,
    [join(__dirname, '..', '..', '..', 'apps', 'cli', 'dist', 'main.js'), '--env', settings, 'doctor'],
    { encoding: 'utf8' },
  );
  expect(doctor.stdout).toContain('can be used');
  expect(doctor.stdout).not.toContain('FAULT');
  expect(doctor.status).toBe(0);
  const start = /The services run again with: .*; (npm start|\S+.* (\S+main\.js))$/m.exec(kept.output());
  expect(start?.[1] === 'npm start' || existsSync(start?.[2] ?? '')).toBe(true);

  const second = await demo().end();
  expect(second.code).toBe(1);
  expect(second.output).toMatch(new RegExp(`^A demo is running in [^\\n]* \\(process ${kept.pid}\\)[^\\n]*\\n$`));

  const other = join(base, 'other');
  const { REGISTER_DATABASE_URL = '' } = parseEnv(readFileSync(settings, 'utf8'));
  const given = await demo([], { OMERO_DATABASE_URL: REGISTER_DATABASE_URL }, other).end();
  expect(given.code).toBe(1);
  expect(given.output).toMatch(/The database that OMERO_DATABASE_URL names has tables already[^\n]*\n$/);
  expect((await kept.end('SIGINT')).code).toBe(0);
  const gone = await demo([], { OMERO_DATABASE_URL: REGISTER_DATABASE_URL }, other).end();
  expect(gone.output).toMatch(/The database that OMERO_DATABASE_URL names cannot be used \(ECONNREFUSED\)[^\n]*\n$/);
});

test('after --keep, one with another store and other numbers', async () => {
  const { code, output } = await demo(['--store', 'arkivum', '--images', '210', '--file-size', '3000']).end();
  expect(output).toContain(removed);
  expect(output).toContain(holds);
  expect(output).toMatch(/coldroom restore Fileset:\d+: \d+ files are back/);
  expect(code).toBe(0);
});

test('with --console, people sign in at the printed address, and what they approve is archived', async () => {
  const offered = demo(['--console'], {}, join(base, 'console'));
  await offered.said('Ctrl-C ends');
  const output = offered.output();
  const url = /^ {2}(http:\S+\/coldroom\/)$/m.exec(output)?.[1] ?? '';
  const accounts = [...output.matchAll(/^ {2}(researcher|data manager|administrator) +(\w+) +password (\w+)$/gm)];
  expect(accounts.map(([, role]) => role)).toEqual(['researcher', 'data manager', 'administrator']);
  for (const [, role, login = '', password = ''] of accounts) {
    const visitor = await ConsoleVisitor.signIn(url, login, password);
    expect(await visitor.page('requests')).toContain(role);
  }
  const [, , login = '', password = ''] = accounts[1] ?? [];
  const manager = await ConsoleVisitor.signIn(url, login, password);
  const waiting = await manager.requests('New');
  expect(waiting.length).toBeGreaterThanOrEqual(2);
  const [{ id, revision }] = waiting as [Waiting];
  await manager.approve(id, revision);
  for (let tries = 0; tries < 240 && !(await manager.requests('Finished')).some((one) => one.id === id); tries += 1)
    await sleep(500);
  expect(await manager.page(`requests/${id}`)).toMatch(/(safe in the archive|is safe)/);
  expect((await manager.requests('Finished')).map((one) => one.id)).toContain(id);

  expect((await offered.end('SIGINT')).code).toBe(0);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  await clearDirectory(layoutOf(join(base, 'console')));
});

test('a directory that holds something else is refused in one sentence and left unchanged', async () => {
  const foreign = join(base, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'thesis.tex'), 'years of work');
  const { code, output } = await demo([], {}, foreign).end();
  expect([code, existsSync(join(foreign, 'thesis.tex'))]).toEqual([1, true]);
  expect(output).toMatch(/^[^\n]* name a new or an empty directory with --dir[^\n]*\n$/);
});
