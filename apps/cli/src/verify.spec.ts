import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { markerName } from '@coldroom/files';
import type { Workbench } from '@coldroom/pipeline/testing';
import { parseRate, parseShare } from './parsing';
import { archive, settingsOf, workbench } from './testing/archived';
import { coldroom, json } from './testing/command-line';
import { remedyOf } from '@coldroom/operations';

let bench: Workbench;
let env: Record<string, string>;
let runs = 0;
beforeEach(async () => {
  runs += 1;
  bench = await workbench(`verify${runs}`);
  env = await settingsOf(bench);
});
afterEach(() => bench.close());

interface Report {
  readonly good: { readonly files: number };
  readonly proven: number;
  readonly offline: { readonly files: number };
  readonly bad: {
    readonly count: number;
    readonly listed: readonly { readonly path: string; readonly code: string; readonly remedy: string }[];
  };
  readonly unread: { readonly count: number; readonly listed: readonly { readonly code: string }[] };
}
async function verify(...words: string[]): Promise<{ code: number | null; report: Report; stderr: string }> {
  const ended = await coldroom(['verify', '--json', ...words], env);
  return {
    code: ended.code,
    stderr: ended.stderr,
    report: ended.stdout === '' ? (undefined as unknown as Report) : json<Report>(ended),
  };
}
const planned = (...paths: string[]): { path: string; content: string }[] =>
  paths.map((path) => ({ path, content: `content of ${path}` }));
const bagOf = (id: bigint): string => join(bench.storeDir, `request-${id}-bag-1`);
const open = (path: string): void => {
  for (const each of [path, ...readdirSync(path, { recursive: true }).map((name) => join(path, name.toString()))])
    chmodSync(each, 0o755);
};
const named = (report: Report): readonly string[] =>
  report.bad.listed.map(({ path, code }) => `${path.slice('ManagedRepository/'.length)} ${code}`).sort();

it('says where there was nothing to read', async () => {
  expect(await coldroom(['verify', '--all'], env)).toMatchObject({
    code: 0,
    stdout: 'There was nothing to read: no archived copy is meant by this.\n',
  });
  expect(await coldroom(['verify', '--all', '--due', '3d'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('in one way which copies'),
  });
});

it('reads copies again, and distinguishes what is wrong with them', async () => {
  const released = await archive(
    bench,
    { 'Fileset:1': planned('sound', 'flipped', 'short', 'long', 'gone', 'touched', 'replaced') },
    'released',
  );
  const held = await archive(bench, { 'Fileset:2': planned('held') });
  expect(await verify('--all')).toMatchObject({
    code: 0,
    report: { good: { files: 8 }, bad: { count: 0 }, unread: { count: 0 }, proven: 0 },
  });

  for (const id of [released, held]) open(bagOf(id));
  const copy = (id: bigint, path: string): string => join(bagOf(id), 'data', 'ManagedRepository', path);
  writeFileSync(copy(released, 'flipped'), 'Content of flipped');
  truncateSync(copy(released, 'short'), 3);
  appendFileSync(copy(released, 'long'), 'more');
  rmSync(copy(released, 'gone'));
  chmodSync(copy(released, 'touched'), 0o400);
  copyFileSync(copy(released, 'replaced'), `${copy(released, 'replaced')}.new`);
  renameSync(`${copy(released, 'replaced')}.new`, copy(released, 'replaced'));
  writeFileSync(copy(held, 'held'), 'Content of held');

  const { code, report } = await verify(`Request:${released}`, 'Fileset:2');
  expect(code).toBe(3);
  // open() above touched every file of both bags: the intact one has its content, but not its version.
  expect(named(report)).toEqual([
    'flipped COPY_DIFFERS',
    'gone COPY_MISSING',
    'held COPY_DIFFERS',
    'long COPY_SIZE',
    'replaced COPY_CHANGED',
    'short COPY_SIZE',
    'sound COPY_CHANGED',
    'touched COPY_CHANGED',
  ]);
  const remedy = (path: string): string => report.bad.listed.find((one) => one.path.endsWith(`/${path}`))!.remedy;
  expect([remedy('flipped'), remedy('held'), remedy('touched')]).toEqual([
    expect.stringContaining('from the backup of store main'),
    expect.stringContaining('coldroom undo Fileset:2'),
    expect.stringContaining('--accept-changed'),
  ]);
  const flipped = await bench.file('flipped');
  expect(flipped.state).toBe('released');
  expect(
    (await bench.register.reports.events({ fileId: flipped.id })).find(({ what }) => what === 'copy bad'),
  ).toMatchObject({ code: 'COPY_DIFFERS', actor: expect.any(String) });
  expect(await bench.register.fixityCoverage.count()).toMatchObject([{ files: 8, faults: 8, unread: 0 }]);

  // Changed copies count again only with the option, and only where the content is right.
  expect(await verify('--all', '--accept-changed')).toMatchObject({
    code: 3,
    report: { good: { files: 3 }, proven: 3, bad: { count: 5 } },
  });
  expect(named((await verify('--all')).report)).toEqual([
    'flipped COPY_DIFFERS',
    'gone COPY_MISSING',
    'held COPY_DIFFERS',
    'long COPY_SIZE',
    'short COPY_SIZE',
  ]);
  const told = await coldroom(['verify', `File:${flipped.id}`], env);
  expect(told).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(
      /NOT RIGHT: 1 file; nothing was changed\n.*COPY_DIFFERS.*\n.*next: put data\/ManagedRepository\/flipped/,
    ),
  });
});

it('reports nothing as bad that it could not read', async () => {
  await archive(bench, { 'Fileset:1': planned('a', 'b') }, 'released');
  unlinkSync(join(bench.storeDir, markerName));
  expect(await verify('--all')).toMatchObject({
    code: 3,
    report: { bad: { count: 0 }, unread: { count: 2, listed: [{ code: 'STORE_UNAVAILABLE' }, {}] } },
  });
  expect(await bench.register.fixityCoverage.count()).toMatchObject([{ faults: 0 }]);
});

it('reads what is due, a share or what is named, and requires one of them', async () => {
  const id = await archive(bench, { 'Fileset:1': planned('a', 'b') });
  expect((await verify()).code).toBe(2);
  expect((await verify('--all', '--due')).code).toBe(2);
  expect(await verify('--due')).toMatchObject({ code: 0, report: { good: { files: 0 } } });
  expect(await verify('--due', '0')).toMatchObject({ code: 0, report: { good: { files: 2 } } });
  expect(await verify('--sample', '100%', '--store', 'main')).toMatchObject({
    code: 0,
    report: { good: { files: 2 } },
  });
  expect(await verify(`File:${(await bench.file('a')).id}`)).toMatchObject({ code: 0, report: { good: { files: 1 } } });
  expect(await verify(`Request:${id + 1n}`)).toMatchObject({ code: 4 });
  expect((await verify('--all', '--store', 'tape')).stderr).toContain('STORE_UNKNOWN');
});

it('keeps to a rate', async () => {
  await archive(bench, {
    'Fileset:1': ['a', 'b', 'c', 'd'].map((path) => ({ path, content: Buffer.alloc(500_000, path) })),
  });
  const start = performance.now();
  expect((await verify('--all', '--rate', '1MB/s')).code).toBe(0);
  expect(performance.now() - start).toBeGreaterThan(1900);
});

it('understands rates and shares as people write them', () => {
  expect([parseRate('100MB/s'), parseRate('1.5 GiB'), parseRate('20kB/s')]).toEqual([1e8, 1.5 * 2 ** 30, 20_000]);
  for (const text of ['fast', '0MB/s', '-1MB', '10', '5mb']) expect(() => parseRate(text)).toThrow('--rate');
  expect([parseShare('5%'), parseShare('0.5%'), parseShare('100%')]).toEqual([0.05, 0.005, 1]);
  for (const text of ['0%', '101%', '5', 'x%']) expect(() => parseShare(text)).toThrow('--sample');
});

it("names another store's copy before the backup", () => {
  const copy = { held: false, fileset: 'Fileset:1', bag: 'b', store: 'main', root: 'Pixels', display: '7' } as const;
  expect(remedyOf(copy, 'COPY_DIFFERS', [{ store: 'tape', bag: 'old' }])).toContain('bag old in store tape');
  expect(remedyOf({ ...copy, held: true }, 'COPY_MISSING', [{ store: 'tape', bag: 'old' }])).toContain(
    'undo Fileset:1',
  );
});
