import { Transient } from '@coldroom/domain';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markerName, openRoot, writeMarker } from './roots';
import { makeScratch, type Scratch } from './testing/scratch';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const unavailable = expect.objectContaining({ code: 'ROOT_UNAVAILABLE', kind: 'transient' });

it('opens a marked directory, also through a link to it', async () => {
  const link = `${scratch.root}-link`;
  symlinkSync(scratch.root, link);
  const root = await openRoot(`${link}/`, 'ManagedRepository');
  expect(root).toMatchObject({ name: 'ManagedRepository', directory: link });
  expect(root.realPath).toBe((await openRoot(scratch.root, 'ManagedRepository')).realPath);
  await root.check();
});

it('treats a directory without a marker as unavailable', async () => {
  const empty = join(scratch.root, 'empty');
  mkdirSync(empty);
  await expect(openRoot(empty, 'ManagedRepository')).rejects.toEqual(unavailable);
  await expect(openRoot(join(scratch.root, 'none'), 'ManagedRepository')).rejects.toEqual(unavailable);
  await expect(openRoot(empty, 'ManagedRepository')).rejects.toBeInstanceOf(Transient);
});

it('requires the marker of this very root', async () => {
  await expect(openRoot(scratch.root, 'Pixels')).rejects.toEqual(unavailable);
});

it.each(['not json', '{}', '{"coldroom":"root","name":1,"id":"x"}', 'null'])(
  'does not accept %j as a marker',
  async (content) => {
    rmSync(join(scratch.root, markerName));
    writeFileSync(join(scratch.root, markerName), content);
    await expect(openRoot(scratch.root, 'ManagedRepository')).rejects.toEqual(unavailable);
  },
);

it('does not follow a link to a marker', async () => {
  const elsewhere = join(scratch.store, 'marker');
  writeFileSync(elsewhere, readFileSync(join(scratch.root, markerName)));
  rmSync(join(scratch.root, markerName));
  symlinkSync(elsewhere, join(scratch.root, markerName));
  await expect(openRoot(scratch.root, 'ManagedRepository')).rejects.toEqual(unavailable);
});

it('detects an unmounted disk, and another disk, on check', async () => {
  const root = await openRoot(scratch.root, 'ManagedRepository');
  rmSync(join(scratch.root, markerName));
  await expect(root.check()).rejects.toEqual(unavailable);
  await writeMarker(scratch.root, 'ManagedRepository');
  await expect(root.check()).rejects.toEqual(
    expect.objectContaining({ code: 'ROOT_UNAVAILABLE', message: expect.stringContaining('another disk') }),
  );
});

it('never overwrites a marker', async () => {
  const before = readFileSync(join(scratch.root, markerName), 'utf8');
  await writeMarker(scratch.root, 'ManagedRepository');
  await expect(writeMarker(scratch.root, 'Pixels')).rejects.toEqual(unavailable);
  expect(readFileSync(join(scratch.root, markerName), 'utf8')).toBe(before);
});
