import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearDirectory, Refusal, takeDirectory } from './directory';
import { layoutOf } from './layout';

const base = mkdtempSync(join(tmpdir(), 'demo-directory-'));
const others: ChildProcess[] = [];
let made = 0;
const newHome = (): string => join(base, String((made += 1)), '.demo');
const take = (home: string, patienceMs = 60_000) => takeDirectory(layoutOf(home), { say: () => undefined, patienceMs });

afterEach(async () => {
  for (const other of others.splice(0)) {
    other.kill('SIGKILL');
    if (other.exitCode === null && other.signalCode === null) await once(other, 'exit');
  }
});
afterAll(() => rmSync(base, { recursive: true }));

/** Another process that opens a file and keeps it open. */
async function keepsOpen(file: string, flags: 'a' | 'r', ms = 60_000): Promise<number> {
  const script = `require('fs').openSync(process.argv[1], '${flags}'); console.log('open'); setTimeout(() => {}, ${ms})`;
  const other = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(other);
  await once(other.stdout, 'data');
  return other.pid ?? 0;
}

test('a missing directory, an empty one, and one of an earlier demo are accepted', async () => {
  const home = newHome();
  await (await take(home)).close();
  expect(readdirSync(home)).toEqual(['.coldroom-demo']);
  expect(readFileSync(join(home, '.coldroom-demo'), 'utf8')).toContain('removes everything in it');
  await (await take(home)).close();
  const empty = newHome();
  mkdirSync(empty, { recursive: true });
  await (await take(empty)).close();
});

test('a directory with anything else is refused in one sentence, and left as it is', async () => {
  const home = newHome();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'thesis.tex'), 'years of work');
  const refused = take(home);
  await expect(refused).rejects.toThrow(Refusal);
  await expect(refused).rejects.toThrow(
    /^[^\n]*holds something that no demo of this version made: name [^\n]*--dir[^\n]*\.$/,
  );
  expect(readdirSync(home)).toEqual(['thesis.tex']);
  await expect(take(join(home, 'thesis.tex'))).rejects.toThrow('cannot be used (EEXIST): name another directory');
});

test('leftovers are removed, also read-only ones and odd names, and links are not followed', async () => {
  const home = newHome();
  const outside = join(base, 'outside');
  mkdirSync(outside, { recursive: true });
  writeFileSync(join(outside, 'kept'), 'x');
  await (await take(home)).close();
  const sealed = join(home, 'store', 'bag', 'data', 'deep');
  mkdirSync(sealed, { recursive: true });
  writeFileSync(join(sealed, 'copy.tif'), 'x');
  writeFileSync(Buffer.concat([Buffer.from(`${sealed}/`), Buffer.from([0xff, 0xfe])]), 'x');
  symlinkSync(outside, join(home, 'store', 'link'));
  for (const path of [sealed, join(sealed, '..'), join(sealed, '..', '..')]) chmodSync(path, 0o555);
  expect(await clearDirectory(layoutOf(home))).toBe(true);
  expect(readdirSync(home)).toEqual(['.coldroom-demo']);
  expect(existsSync(join(outside, 'kept'))).toBe(true);
  expect(await clearDirectory(layoutOf(home))).toBe(false);
});

test('a directory in which a demo runs is refused at once, with the number of its process', async () => {
  const home = newHome();
  await (await take(home)).close();
  const pid = await keepsOpen(join(home, '.coldroom-demo'), 'a');
  const start = performance.now();
  await expect(take(home)).rejects.toThrow(
    new RegExp(`^A demo is running in [^\\n]*\\(process ${pid}\\): end it with [^\\n]*kill ${pid}[^\\n]*--dir\\.$`),
  );
  expect(performance.now() - start).toBeLessThan(5_000);
});

test('servers of a killed demo get time to end, and processes that only read do not matter', async () => {
  const home = newHome();
  await (await take(home)).close();
  mkdirSync(join(home, 'logs'));
  writeFileSync(join(home, 'logs', 'scanner.log'), '');
  await keepsOpen(join(home, 'logs', 'scanner.log'), 'r');
  await (await take(home)).close();
  await keepsOpen(join(home, 'logs', 'scanner.log'), 'a', 1_500);
  await (await take(home)).close();
  expect(others.at(-1)?.exitCode).toBe(0);
  const pid = await keepsOpen(join(home, 'logs', 'scanner.log'), 'a');
  await expect(take(home, 500)).rejects.toThrow(
    new RegExp(`^[^\\n]* is still written to by [^\\n]*\\(process ${pid}\\)[^\\n]*kill ${pid}[^\\n]*\\.$`),
  );
});
