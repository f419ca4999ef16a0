import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { neededNode } from '@coldroom/runtime';

const root = join(__dirname, '..', '..', '..');
const programs = ['checksum', 'cli', 'ingest-watcher', 'linker', 'scanner', 'start', 'transfer'].map(
  (app) => `apps/${app}`,
);
programs.push('test/demo');
const dir = mkdtempSync(join(tmpdir(), 'old-node-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Starts a built program and lists which files it loaded. */
function start(name: string, node: string, ...flags: readonly string[]) {
  const loaded = join(dir, `${basename(name)}.loaded`);
  const listing = join(dir, `${basename(name)}.js`);
  writeFileSync(
    listing,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)}, Object.keys(require.cache).join('\\n')));`,
  );
  const main = join(root, name, 'dist', 'main.js');
  const { status, stderr, stdout } = spawnSync(node, [...flags, '--require', listing, main], {
    env: { PATH: process.env['PATH'] },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, loaded: readFileSync(loaded, 'utf8').split('\n') };
}

function expectRefusal(name: string, version: string, ended: ReturnType<typeof start>): void {
  expect([name, ended.status, ended.stdout]).toEqual([name, 10, '']);
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  for (const part of [`Node.js ${neededNode} or newer`, `Node.js ${version}`, 'npx coldroom', 'npm start', 'install'])
    expect(ended.stderr).toContain(part);
  const ours = ended.loaded.filter((path) => !path.startsWith(dir));
  expect(ours.map((path) => path.replace(/.*\/dist\//, '')).sort()).toEqual([
    'main.js',
    'node-version.js',
    'require-node.js',
  ]);
}

test('every program refuses an older Node.js with one sentence, before it loads anything else', () => {
  const claim = join(dir, 'claim.js');
  writeFileSync(claim, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });`);
  for (const name of programs) expectRefusal(name, '20.20.2', start(name, process.execPath, '--require', claim));
});

const systemNode = ['/usr/bin/node', '/usr/local/bin/node'].find(existsSync);
const systemVersion =
  systemNode && spawnSync(systemNode, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim();
const isOld = systemVersion ? Number(systemVersion.split('.')[0]) < neededNode : false;
(isOld ? test : test.skip)("the system's own older Node.js gets the same answer", () => {
  for (const name of programs) expectRefusal(name, systemVersion ?? '', start(name, systemNode ?? ''));
});

test('package.json and .nvmrc name the same version as the check', () => {
  const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devEngines: { runtime: { name: string; version: string; onFail: string } };
  };
  expect(devEngines.runtime).toEqual({ name: 'node', version: `>=${neededNode}`, onFail: 'ignore' });
  expect(readFileSync(join(root, '.nvmrc'), 'utf8').trim()).toBe(String(neededNode));
});
