import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferMarker, importRootMarker } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import type { Finding } from '../findings';

const main = join(__dirname, '../../../dist/index.js');
const [omero, importer, group, person] = [4711, 4712, 4713, 4714];
const isRoot = process.geteuid?.() === 0;
if (!isRoot) process.stderr.write('SKIPPED: rights of another user than ours: only root can become one\n');

let dir: string;
const at = (...names: string[]): string => join(dir, ...names);

beforeEach(async () => {
  if (!existsSync(main)) throw new Error(`${main} is missing: build this package first`);
  dir = mkdtempSync(join(tmpdir(), 'coldroom-doctor-import-'));
  chmodSync(dir, 0o755);
  const leaf = at('OMERO', 'ManagedRepository', 'alice_2', '2026-11', '30', '10-00-00.000');
  mkdirSync(leaf, { recursive: true });
  writeFileSync(join(leaf, 'a.tif'), 'a');
  for (const path of [at('buffer', 'alice', 'run'), at('copies')]) mkdirSync(path, { recursive: true });
  writeFileSync(at('buffer', 'alice', 'run', 'b.tif'), 'b');
  await writeMarker(at('OMERO', 'ManagedRepository'), 'ManagedRepository');
  await writeMarker(at('buffer'), bufferMarker('main'));
  await writeMarker(at('copies'), importRootMarker('main'));
  if (!isRoot) return;
  // As OMERO's documentation of in-place import asks for.
  own('OMERO', omero, group, 0o2775);
  own('buffer', importer, group, 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Gives a tree to someone; its directories get a mode. */
function own(tree: string, uid: number, gid: number, mode: number): void {
  spawnSync('chown', ['-R', `${uid}:${gid}`, at(tree)]);
  spawnSync('find', [at(tree), '-type', 'd', '-exec', 'chmod', mode.toString(8), '{}', '+']);
}

interface As {
  readonly uid?: number;
  readonly groups?: readonly number[];
  readonly umask?: number;
  readonly buffer?: object;
}

/** What is wrong, as a user who runs the importer finds it: `level found -> next`. */
function faults({ uid = importer, groups = [group], umask = 0o002, buffer = {} }: As = {}): readonly string[] {
  const file = at('imports.yml');
  const main_ = { directory: at('buffer'), transfers: ['cp'], ...buffer };
  writeFileSync(file, JSON.stringify({ buffers: { main: main_ } }));
  const become = isRoot
    ? `process.setgroups(${JSON.stringify(groups)}); process.setgid(${uid}); process.setuid(${uid});`
    : '';
  const text = `const { diagnoseImport } = require(${JSON.stringify(main)}); process.umask(${umask}); ${become}
    diagnoseImport({ env: ${JSON.stringify({ OMERO_DATA_DIR: at('OMERO'), COLDROOM_IMPORTS: file })} })
      .then((found) => console.log(JSON.stringify(found)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', text], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return (JSON.parse(stdout) as Finding[])
    .filter(({ level, about }) => level !== 'ok' && about !== 'settings')
    .map(({ level, found, next = '' }) => `${level} ${found} -> ${next}`);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const said = (...parts: readonly string[]): unknown =>
  expect.stringMatching(new RegExp(parts.map(escaped).join('.*'), 's'));

test('a set-up as the documentations ask for has no fault', () => {
  expect(faults()).toEqual([]);
});

(isRoot ? describe : describe.skip)('the importer as a user of its own', () => {
  const repository = (...names: string[]): string => at('OMERO', 'ManagedRepository', ...names);

  test.each<[string, () => void, As, readonly string[]]>([
    ['is no member of the group', () => undefined, { groups: [] }, ['fault', 'no member', 'usermod -aG']],
    ['has a umask that takes the right from the group', () => undefined, { umask: 0o022 }, ['0022', 'UMask=0002']],
    [
      'finds a level without setgid',
      () => chmodSync(repository('alice_2', '2026-11'), 0o775),
      {},
      ['2026-11', 'setgid', 'chmod g+s {} +'],
    ],
    [
      'finds a level that the group may not write',
      () => chmodSync(repository('alice_2'), 0o2755),
      {},
      ['alice_2', 'chmod g+w'],
    ],
    [
      'finds a level that it may not read',
      () => chmodSync(repository('alice_2'), 0o2700),
      {},
      ['alice_2 cannot be read (EACCES)'],
    ],
    ['finds no marker', () => rmSync(repository('.coldroom-root')), {}, ['no marker', 'doctor --prepare']],
  ])('%s', (_what, change, as, parts) => {
    change();
    expect(faults(as)).toEqual(expect.arrayContaining([said(...parts)]));
  });

  test('needs nothing of that for uploads, nor as the user of OMERO itself', () => {
    own('OMERO', omero, group, 0o755);
    expect(faults({ umask: 0o022, groups: [], buffer: { transfers: ['upload'] } })).toEqual([]);
    own('buffer', omero, group, 0o755);
    expect(faults({ uid: omero, umask: 0o022, groups: [] })).toEqual([]);
  });

  test.each<[string, () => void, object, readonly string[]]>([
    ['is not mounted', () => rmSync(at('buffer'), { recursive: true }), {}, ['is not there', 'mount it']],
    ['has no marker', () => rmSync(at('buffer', '.coldroom-root')), {}, ['marker', 'doctor --prepare']],
    ['is open to all', () => chmodSync(at('buffer'), 0o777), {}, ['others may rename', 'chmod go-w']],
    [
      'has locks of someone else',
      () => makeLocks(person),
      {},
      ['.coldroom-locks', `uid ${person}`, `chown ${importer}`],
    ],
    [
      'cannot have locks',
      () => chownSync(at('buffer'), person, group),
      {},
      ['cannot be made', `install -d -o ${importer}`],
    ],
    [
      'has files that the system lets no one lock',
      () => filesOf(person, 0o644),
      {},
      ['refuses hard links', 'setfacl', 'fallback'],
    ],
    ['has files that cannot be read', () => filesOf(person, 0o600), {}, ['b.tif cannot be read', 'setfacl -R']],
    [
      'has sources that cannot be removed',
      () => chownSync(at('buffer', 'alice', 'run'), person, group),
      {},
      ['nothing can be removed from'],
    ],
    [
      'has an import root without a marker',
      () => rmSync(at('copies', '.coldroom-root')),
      { sync: 'copies' },
      ['copies is not there: its marker', '--prepare'],
    ],
    ['is not locked', () => undefined, { lock: 'none' }, ['warning sources are not locked']],
  ])('a buffer that %s', (_what, change, { sync, ...buffer }: { sync?: string }, parts) => {
    change();
    const found = faults({ buffer: { ...buffer, ...(sync === undefined ? {} : { sync: at(sync) }) } });
    expect(found).toEqual([said(...parts)]);
  });

  test('ln needs buffer and repository in one mount', () => {
    expect(faults({ buffer: { transfers: ['ln'] } })).toEqual([]);
    const other = mkdtempSync('/dev/shm/coldroom-doctor-');
    try {
      spawnSync('cp', ['-a', `${at('buffer')}/.`, other]);
      chmodSync(other, 0o755);
      expect(faults({ buffer: { directory: other, transfers: ['ln'] } })).toEqual([
        said('ln: the buffer is in the mount /dev/shm', 'use cp'),
      ]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  const makeLocks = (uid: number): void => {
    mkdirSync(at('buffer', '.coldroom-locks'), { mode: 0o750 });
    chownSync(at('buffer', '.coldroom-locks'), uid, group);
  };
  const filesOf = (uid: number, mode: number): void => {
    chownSync(at('buffer', 'alice', 'run', 'b.tif'), uid, uid);
    chmodSync(at('buffer', 'alice', 'run', 'b.tif'), mode);
  };
});
