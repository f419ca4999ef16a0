import { fileStates } from '@coldroom/domain';
import { safeIn, stepsOf } from './progress';

const one = { files: 1, bytes: 10n };

test('each state of a file that takes part is in one step', () => {
  const counted = stepsOf(fileStates.map((state) => ({ state, ...one })));
  const apart = ['skipped', 'declined'];
  expect(counted.reduce((sum, { files }) => sum + files, 0)).toBe(fileStates.length - apart.length);
  for (const state of fileStates)
    expect([state, stepsOf([{ state, ...one }]).length]).toEqual([state, apart.includes(state) ? 0 : 1]);
});

test('only what is proven to be durable is called safe', () => {
  const safe = fileStates.filter((state) => safeIn(stepsOf([{ state, ...one }])).files > 0);
  expect(safe).not.toEqual(expect.arrayContaining(['verified']));
  expect(safe.slice(0, 4)).toEqual(['sealed', 'linked', 'released', 'retrieving']);
  for (const state of ['approved', 'hashed', 'copied', 'stuck', 'abandoned', 'restored', 'undoing'])
    expect(safe).not.toContain(state);
});

test('steps without files are left out', () => {
  expect(stepsOf([{ state: 'hashed', files: 3, bytes: 5n }])).toEqual([
    { name: 'copied', words: 'being copied', files: 3, bytes: 5n },
  ]);
});
