import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { between } from '@coldroom/operations';
import type { PlannedBag } from '@coldroom/register';
import { flat } from '@coldroom/terminal';
import { leftLines, planLines } from './commands/move-lines';

const directory = mkdtempSync(join(tmpdir(), 'coldroom-plan-'));
afterAll(() => rmSync(directory, { recursive: true }));

const path = join(directory, 'stores.json');
const plain = (name: string): object => ({ kind: 'file', directory: `/${name}` });
const copies = (...of: string[]): object => ({ kind: 'copies', of });
writeFileSync(
  path,
  JSON.stringify({
    default: 'a',
    stores: {
      a: plain('a'),
      b: plain('b'),
      c: plain('c'),
      ab: copies('a', 'b'),
      ac: copies('a', 'c'),
      ba: copies('b', 'a'),
    },
  }),
);

const bag: PlannedBag = {
  id: 1n,
  name: 'request-1-bag-1',
  requestId: 1n,
  files: 1,
  bytes: 5n,
  kind: 'movable',
  states: ['linked'],
  movingTo: null,
};

async function told(
  from: string,
  to: string,
): Promise<{ readonly before: string | undefined; readonly after: string | undefined }> {
  const stores = await between(path, from, to);
  return {
    before: flat(planLines({ movable: [bag], underWay: [], notNow: [] }, stores))[1],
    after: flat(leftLines([bag], stores))[0],
  };
}

it.each([
  [
    'a',
    'b',
    'Nothing is deleted in store a (/a): its bags stay there as they are',
    'Nothing was deleted: these bags are still in store a (/a)',
  ],
  [
    'ab',
    'c',
    'Nothing is deleted in store ab (a, b): its bags stay there as they are',
    'Nothing was deleted: these bags are still in store ab (a, b)',
  ],
])('what moves from %s to %s is left behind there', async (from, to, before, after) => {
  expect(await told(from, to)).toEqual({ before: `Whole bags are moved, with all files in them. ${before}`, after });
});

it.each([
  ['ab', 'a', 'b', 'a'],
  ['ab', 'b', 'a', 'b'],
  ['ab', 'ac', 'b', 'a'],
])('what moves from %s to %s is left behind in %s only: in %s it is in use', async (from, to, left, used) => {
  expect(await told(from, to)).toEqual({
    before: `Whole bags are moved, with all files in them. Nothing is deleted in store ab (${left}): its bags stay there as they are; in ${used} they stay in use, keep them`,
    after: `Nothing was deleted: these bags are still in store ab (${left}); in ${used} they stay in use, keep them`,
  });
});

it('nothing is left behind where both stores use the same places', async () => {
  expect(await told('ab', 'ba')).toEqual({
    before: 'Whole bags are moved, with all files in them. Nothing is left behind; in a, b they stay in use, keep them',
    after: undefined,
  });
});
