import { existsSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Claim, progressCells } from './claim';
import { EndOfBatch } from './failures';
import { MadeFiles } from './made-files';
import { deadlineIn, makeScratch, run, type Scratch } from './testing/scratch';
import { Tree } from './tree';

let scratch: Scratch;
let tree: Tree;
let deadline: BigInt64Array;
let progress: BigInt64Array;
let made: MadeFiles;
beforeEach(async () => {
  scratch = await makeScratch();
  tree = new Tree(scratch.store);
  deadline = deadlineIn(60_000);
  progress = new BigInt64Array(2);
  made = new MadeFiles(tree, new Claim(deadline, progress));
});
afterEach(() => {
  made.close();
  tree.close();
  scratch.remove();
});

const at = (name: string): string => join(scratch.store, name);
const make = (name: string): ReturnType<MadeFiles['add']> => made.add(Buffer.from(name), openSync(at(name), 'wx'));

it('fails the whole call when one sync fails', async () => {
  make('good');
  run('mkfifo', at('fifo'));
  made.add(Buffer.from('fifo'), openSync(at('fifo'), 'r+')); // fsync of a FIFO fails (EINVAL)
  const failed = made.sync();
  await expect(failed).rejects.toBeInstanceOf(EndOfBatch);
  await expect(failed).rejects.toMatchObject({ reason: { kind: 'transient', code: 'COPY_NOT_SYNCED' } });
});

it('removes what it made, and nothing else', () => {
  make('one');
  make('other');
  renameSync(at('other'), at('moved'));
  writeFileSync(at('other'), 'of another process');
  made.removeAll();
  expect([existsSync(at('one')), existsSync(at('moved')), readFileSync(at('other'), 'utf8')]).toEqual([
    false,
    true,
    'of another process',
  ]);
});

it('removes nothing once the claim has run out', () => {
  make('one');
  deadline[0] = 0n;
  made.removeAll();
  expect(existsSync(at('one'))).toBe(true);
});

it('removes nothing once it was asked to stop', () => {
  make('one');
  progress[progressCells.stopped] = 1n;
  made.removeAll();
  expect(existsSync(at('one'))).toBe(true);
});

it('recognises its own files by inode', async () => {
  const file = make('one');
  await made.sync();
  expect([made.has(file.dev, file.ino), made.has(file.dev, file.ino + 1n)]).toEqual([true, false]);
});
