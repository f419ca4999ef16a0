import { execFileSync } from 'node:child_process';
import { appendFileSync, lstatSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Archive } from '../testing/archive';
import { orHeldByContent } from './held-by-content';

/* A copy in the place of the held original is what a remount with other inode numbers looks like. */

let archive: Archive;
let id: bigint;
let held: string;
const path = 'set/a';
const state = async (): Promise<string> => (await archive.bench.file(path)).state;
const code = async (): Promise<string | null> => (await archive.bench.file(path)).code;

beforeEach(async () => {
  archive = await Archive.create('held_by_content');
  const made = await archive.of({ set: [{ path, content: 'content of a' }] }, { held: true });
  id = made.id;
  held = join(archive.bench.holdDir, made.bags[0]!, (await archive.bench.file(path)).id.toString());
});
afterEach(() => archive.close());

function copy(): void {
  execFileSync('cp', ['-p', held, `${held}.copy`]);
  renameSync(`${held}.copy`, held);
}

/** As many bytes, the same times, another content. */
function replaceContent(): void {
  const { atimeNs, mtimeNs } = lstatSync(held, { bigint: true });
  writeFileSync(`${held}.other`, 'CONTENT OF A');
  execFileSync('touch', ['-r', held, `${held}.other`]);
  renameSync(`${held}.other`, held);
  expect([lstatSync(held, { bigint: true }).mtimeNs, atimeNs > 0n]).toEqual([mtimeNs, true]);
}

async function undo(): Promise<void> {
  await archive.bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'a data manager');
  await archive.all(archive.undo);
}

describe('a held original with another inode number', () => {
  it('is given back by an undo', async () => {
    copy();
    await undo();
    expect([await state(), readFileSync(archive.bench.at(path), 'utf8')]).toEqual(['undone', 'content of a']);
    expect(await archive.inHold()).toEqual([]);
  });

  it('is released when its hold is over', async () => {
    copy();
    await archive.all(archive.release());
    expect([await state(), await archive.inHold()]).toEqual(['released', []]);
    expect(readFileSync(archive.bench.at(path), 'utf8')).toBe('content of a');
  });

  it.each<[string, () => void]>([
    ['another content', replaceContent],
    ['another time', () => (copy(), utimesSync(held, 5, 5))],
    ['another size', () => (copy(), appendFileSync(held, '!'))],
  ])('stays where it is with %s', async (_, change) => {
    change();
    const before = readFileSync(held, 'utf8');
    await undo();
    expect([await state(), await code(), readFileSync(held, 'utf8')]).toEqual(['stuck', 'HELD_CHANGED', before]);
    await archive.bench.register.operator.retry({ kind: 'Request', ids: [id] }, String, 'a data manager');
  });

  it('is not released with another content', async () => {
    replaceContent();
    await archive.all(archive.release());
    expect([await state(), await code(), readFileSync(held, 'utf8')]).toEqual([
      'stuck',
      'HELD_CHANGED',
      'CONTENT OF A',
    ]);
  });

  it('is not read where something else is wrong', async () => {
    const failure = Object.assign(new Error('gone'), { code: 'LINK_GONE' });
    const nothing = undefined as never; // would throw when used
    const acted = orHeldByContent(nothing, nothing, async () => {
      throw failure;
    });
    await expect(acted).rejects.toBe(failure);
  });

  it('is not released if its copy is found bad while it is read', async () => {
    copy();
    const { files } = archive.bench;
    const hash = files.hash.bind(files);
    jest.spyOn(files, 'hash').mockImplementationOnce(async (...given) => {
      const hashed = await hash(...given);
      await archive.sql('UPDATE file SET copy_digest = NULL');
      return hashed;
    });
    await archive.all(archive.release());
    expect([await state(), await code(), await archive.inHold()]).toEqual([
      'stuck',
      'COPY_DIFFERS',
      [expect.anything()],
    ]);
  });
});

describe('an undo that was interrupted before a remount', () => {
  it.each(['undo:1-swapped', 'undo:2-synced'] as const)('at %s is ended', async (crashPoint) => {
    await archive.bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'a data manager');
    await archive.killed(archive.undo, crashPoint);
    held = archive.bench.at(path).toString(); // where the original is now
    copy();
    await archive.all(archive.undo);
    expect([await state(), readFileSync(held, 'utf8')]).toEqual(['undone', 'content of a']);
    expect(await archive.inHold()).toEqual([]);
  });

  it('at undo:1-swapped is not ended if another file is there', async () => {
    await archive.bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'a data manager');
    await archive.killed(archive.undo, 'undo:1-swapped');
    held = archive.bench.at(path).toString();
    replaceContent();
    await archive.all(archive.undo);
    expect([await state(), await code(), readFileSync(held, 'utf8')]).toEqual(['stuck', 'PATH_TAKEN', 'CONTENT OF A']);
  });
});

it('a restore of recalled files puts held originals back after a remount', async () => {
  await archive.close();
  archive = await Archive.create('held_by_content', { recallable: true });
  const made = await archive.of({ set: [{ path, content: 'content of a' }] }, { held: true });
  held = join(archive.bench.holdDir, made.bags[0]!, (await archive.bench.file(path)).id.toString());
  for (const way of ['recall', 'restore'] as const) {
    await archive.bench.ask(made.id, way);
    await archive.proven();
    if (way === 'restore') copy();
    await archive.all(archive.place);
  }
  expect([await state(), readFileSync(archive.bench.at(path), 'utf8')]).toEqual(['restored', 'content of a']);
  expect(await archive.inHold()).toEqual([]);
});
