import { onCrashPoint, type CrashPoint, type Identity } from '@coldroom/domain';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Claim } from '../claim';
import { identityOf } from '../identity';
import { deadlineIn, makeScratch, run, type Scratch } from '../testing/scratch';
import { describeOn, mountOn } from '../testing/mounted';
import { Trees } from '../trees';
import type { WireOutcome } from '../wire';
import { wirePath } from '../wire';
import type { WirePair } from './link';
import { names, type NamesTask } from './names';
import type { Released } from './release';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => {
  onCrashPoint(undefined);
  scratch.remove();
});

function perform(task: NamesTask, leaseMs = 60_000): unknown {
  const trees = new Trees();
  try {
    return names(task, new Claim(deadlineIn(leaseMs), new BigInt64Array(2)), trees);
  } finally {
    trees.close();
  }
}

const identityAt = (path: string | Buffer): Identity => identityOf(lstatSync(path, { bigint: true }));
const absolute = (path: string | Buffer): Buffer => Buffer.concat([Buffer.from(`${scratch.root}/`), Buffer.from(path)]);
const at = (path: string | Buffer): { root: string; path: string } => ({
  root: scratch.root,
  path: wirePath(Buffer.from(path)),
});
const pair = (path: string | Buffer, file = identityAt(absolute(path))): WirePair => ({
  from: at(path),
  to: at(Buffer.concat([Buffer.from('.locks/7/'), Buffer.from(path)])),
  file,
});
const codes = (answer: unknown): readonly string[] =>
  (answer as readonly WireOutcome<unknown>[]).map((one) => ('ok' in one ? 'ok' : one.failed.code));
const whats = (answer: unknown): readonly string[] =>
  (answer as readonly WireOutcome<Released>[]).map((one) => ('ok' in one ? one.ok.what : one.failed.code));
const link = (...pairs: readonly WirePair[]): readonly string[] => codes(perform({ act: 'link', pairs }));
const move = (exact: boolean, ...pairs: readonly WirePair[]): readonly string[] =>
  codes(perform({ act: 'move', pairs, exact }));
const release = (...pairs: readonly WirePair[]): readonly string[] =>
  whats(perform({ act: 'release', pairs, moveBack: true }));
const content = (path: string): string => readFileSync(join(scratch.root, path), 'utf8');
/** Calls `act` once when the point is passed. */
function once(point: CrashPoint, act: () => void): void {
  onCrashPoint((passed) => {
    if (passed !== point) return;
    onCrashPoint(undefined);
    act();
  });
}

const odd = ['-rf', 'a\nb', `it's "so"`, Buffer.from([0x66, 0xff, 0xfe]), ' blank '];

describe('link', () => {
  it.each(odd)('gives %j a second name in directories of ours, which others may not list', (name) => {
    const path = Buffer.concat([Buffer.from('set/'), Buffer.from(name)]);
    mkdirSync(join(scratch.root, 'set'));
    writeFileSync(absolute(path), 'bytes');
    expect(link(pair(path))).toEqual(['ok']);
    expect(identityAt(absolute(Buffer.concat([Buffer.from('.locks/7/'), path]))).ino).toBe(
      identityAt(absolute(path)).ino,
    );
    expect(statSync(join(scratch.root, '.locks/7/set')).mode & 0o777).toBe(0o750);
  });

  it('may be repeated', () => {
    scratch.write('a');
    const known = pair('a');
    expect([link(known), link(known)]).toEqual([['ok'], ['ok']]);
    expect(identityAt(absolute('a')).links).toBe(2);
  });

  it('refuses a source that is another file, gone, or a link, and leaves no name', () => {
    for (const name of ['grown', 'replaced', 'gone', 'link']) scratch.write(name);
    const pairs = ['grown', 'replaced', 'gone', 'link'].map((name) => pair(name));
    writeFileSync(absolute('grown'), 'more than before');
    writeFileSync(absolute('new'), 'content');
    renameSync(absolute('new'), absolute('replaced'));
    rmSync(absolute('gone'));
    rmSync(absolute('link'));
    symlinkSync('/etc/passwd', absolute('link'));
    expect(link(...pairs)).toEqual(['SOURCE_CHANGED', 'SOURCE_CHANGED', 'SOURCE_MISSING', 'SOURCE_CHANGED']);
    expect(readdirSync(join(scratch.root, '.locks/7'))).toEqual([]);
  });

  it('is not led elsewhere by a directory that was replaced with a link', () => {
    scratch.write('set/a');
    const known = pair('set/a');
    mkdirSync(join(scratch.store, 'set'));
    linkSync(absolute('set/a'), join(scratch.store, 'set/a'));
    rmSync(absolute('set'), { recursive: true });
    symlinkSync(join(scratch.store, 'set'), absolute('set'));
    expect(link(known)).toEqual(['PARENT_NOT_A_DIRECTORY']);
  });

  it('does not link a file that it sees is another one', () => {
    scratch.write('a');
    const known = pair('a');
    scratch.write('a', 'more than before');
    const passed: string[] = [];
    onCrashPoint((point) => passed.push(point));
    expect(link(known)).toEqual(['SOURCE_CHANGED']);
    expect(passed).not.toContain('import-lock:1-linked');
  });

  it('takes its name away from a file that was changed while it was linked', () => {
    scratch.write('a');
    const known = pair('a');
    once('import-lock:1-linked', () => scratch.write('a', 'more than before'));
    expect(link(known)).toEqual(['SOURCE_CHANGED']);
    expect(content('a')).toBe('more than before');
    expect(readdirSync(join(scratch.root, '.locks/7'))).toEqual([]);
  });

  it('leaves what is at our name if it is another file', () => {
    scratch.write('a');
    scratch.write('.locks/7/a', 'of someone');
    expect(link(pair('a'))).toEqual(['IMPORT_LOCK_TAKEN']);
    expect(content('.locks/7/a')).toBe('of someone');
  });

  it('changes nothing once its claim has run out', () => {
    scratch.write('a');
    expect(() => perform({ act: 'link', pairs: [pair('a')] }, -1)).toThrow('its claim ran out');
    expect(existsSync(absolute('.locks'))).toBe(false);
  });

  describeOn('tmpfs', 'across file systems', () => {
    it('is not possible', () => {
      scratch.write('a');
      mkdirSync(absolute('.locks'));
      const unmount = mountOn('tmpfs', join(scratch.root, '.locks'));
      try {
        expect(link(pair('a'))).toEqual(['LINK_NOT_POSSIBLE']);
      } finally {
        unmount();
      }
    });
  });
});

describe('release', () => {
  it('removes our name where the source is the same file', () => {
    scratch.write('set/a');
    link(pair('set/a'));
    expect(release(pair('set/a'))).toEqual(['released']);
    expect(existsSync(absolute('.locks/7/set/a'))).toBe(false);
    expect(identityAt(absolute('set/a')).links).toBe(1);
    expect(release(pair('set/a'))).toEqual(['gone']);
  });

  it('keeps a file whose source is gone where it is not to be given back', () => {
    scratch.write('a');
    link(pair('a'));
    expect(whats(perform({ act: 'release', pairs: [pair('a')], moveBack: false }))).toEqual(['released']);
    const known = pair('a');
    link(known);
    rmSync(absolute('a'));
    expect(whats(perform({ act: 'release', pairs: [known], moveBack: false }))).toEqual(['kept']);
    expect(content('.locks/7/a')).toBe('content');
  });

  it('moves our name to a source that is gone, and keeps it where another file or no directory is there', () => {
    for (const name of ['gone', 'replaced', 'set/a']) scratch.write(name);
    const pairs = ['gone', 'replaced', 'set/a'].map((name) => pair(name));
    link(...pairs);
    rmSync(absolute('gone'));
    rmSync(absolute('replaced'));
    scratch.write('replaced', 'new');
    rmSync(absolute('set'), { recursive: true });
    expect(release(...pairs)).toEqual(['returned', 'kept', 'kept']);
    expect([content('gone'), content('replaced')]).toEqual(['content', 'new']);
    expect([content('.locks/7/replaced'), content('.locks/7/set/a')]).toEqual(['content', 'content']);
  });

  it('replaces nothing that comes to the source right before its move', () => {
    scratch.write('a');
    const known = pair('a');
    move(false, known);
    const claim = new Claim(deadlineIn(60_000), new BigInt64Array(2));
    const check = jest.spyOn(claim, 'check').mockImplementation(() => void scratch.write('a', 'new'));
    const trees = new Trees();
    expect(whats(names({ act: 'release', pairs: [known], moveBack: true }, claim, trees))).toEqual(['kept']);
    trees.close();
    expect(check).toHaveBeenCalledTimes(1);
    expect([content('a'), content('.locks/7/a')]).toEqual(['new', 'content']);
  });

  it('keeps both files where another one came to the source of a moved one', () => {
    scratch.write('a');
    const known = pair('a');
    move(false, known);
    scratch.write('a', 'new');
    expect(whats(perform({ act: 'release', pairs: [known], moveBack: true }))).toEqual(['kept']);
    expect([content('a'), content('.locks/7/a')]).toEqual(['new', 'content']);
  });
});

describe('move', () => {
  it('moves a file, and release brings it back', () => {
    scratch.write('set/a');
    const known = pair('set/a');
    expect([move(true, known), move(true, known)]).toEqual([['ok'], ['ok']]);
    expect(existsSync(absolute('set/a'))).toBe(false);
    expect(release(known)).toEqual(['returned']);
    expect(content('set/a')).toBe('content');
  });

  it('with exact also refuses a file whose ctime differs', () => {
    scratch.write('a');
    const known = pair('a');
    run('chmod', '600', absolute('a').toString());
    expect([move(true, known), move(false, known)]).toEqual([['SOURCE_CHANGED'], ['ok']]);
  });

  it('gives back what is not the file once it was moved', () => {
    scratch.write('a');
    const known = pair('a');
    once('import-move:1-moved', () => {
      writeFileSync(absolute('.locks/7/a'), 'another content');
    });
    expect(move(true, known)).toEqual(['SOURCE_CHANGED']);
    expect(content('a')).toBe('another content');
    expect(readdirSync(join(scratch.root, '.locks/7'))).toEqual([]);
  });
});

describe('a crash', () => {
  const points = [
    'import-lock:1-linked',
    'import-lock:2-synced',
    'import-unlock:1-released',
    'import-unlock:2-synced',
  ] as const;

  it.each(points)('after %s loses no file, and the work is done again', (point) => {
    for (const name of ['a', 'b', 'c']) scratch.write(name, name);
    const pairs = ['a', 'b', 'c'].map((name) => pair(name));
    const crash = (): never => {
      throw new Error('killed');
    };
    once(point, crash);
    try {
      link(...pairs);
      release(...pairs);
    } catch {
      // as a killed process leaves it
    }
    onCrashPoint(undefined);
    expect(link(...pairs)).toEqual(['ok', 'ok', 'ok']);
    expect(release(...pairs)).toEqual(['released', 'released', 'released']);
    expect(['a', 'b', 'c'].map(content)).toEqual(['a', 'b', 'c']);
  });
});

it('sets a directory of ours aside, and replaces nothing', () => {
  scratch.write('.locks/7/a');
  scratch.write('.locks/8/b');
  const aside = (to: string): unknown => perform({ act: 'setAside', from: at('.locks/7'), to: at(to) });
  expect(() => aside('.locks/8')).toThrow('taken');
  aside('.locks/7-kept-1');
  expect(readdirSync(join(scratch.root, '.locks')).sort()).toEqual(['7-kept-1', '8']);
});

describe('remove', () => {
  const remove = (path: string, file: Identity): readonly string[] =>
    codes(perform({ act: 'remove', names: [{ at: at(path), file }] }));

  it('removes the file that was named, and no other', () => {
    scratch.write('.locks/7/a');
    const file = identityAt(absolute('.locks/7/a'));
    expect(remove('.locks/7/a', { ...file, ino: file.ino + 1n })).toEqual(['SOURCE_CHANGED']);
    expect(remove('.locks/7/a', { ...file, size: 1n })).toEqual(['SOURCE_CHANGED']);
    expect(existsSync(absolute('.locks/7/a'))).toBe(true);
    expect(remove('.locks/7/a', file)).toEqual(['ok']);
    expect(existsSync(absolute('.locks/7/a'))).toBe(false);
    expect(perform({ act: 'remove', names: [{ at: at('.locks/7/a'), file }] })).toEqual([{ ok: false }]);
  });

  it('removes empty directories, and leaves others, files and links', () => {
    scratch.write('full/a');
    mkdirSync(absolute('empty'));
    symlinkSync('empty', absolute('link'));
    const directories = ['full', 'full/a', 'link', 'missing', 'missing/deeper', 'empty'].map(at);
    expect(perform({ act: 'removeEmpty', directories })).toBe(1);
    expect(readdirSync(scratch.root).sort()).toEqual(['.coldroom-root', 'full', 'link']);
    expect(content('full/a')).toBe('content');
  });
});
