import { judgeAttempt, type FilesetMade, type FilesetWanted } from './attempt';

const wanted: readonly FilesetWanted[] = [
  { number: 1, clientPaths: ['lock/a.tif', 'lock/a.xml'] },
  { number: 2, clientPaths: ['lock/b.tif'] },
];
const whole = (id: bigint, ...clientPaths: string[]): FilesetMade => ({
  filesetId: id,
  clientPaths,
  images: 1,
  groupId: 3n,
});

describe('judgeAttempt', () => {
  it.each<[string, readonly FilesetMade[], object]>([
    ['nothing was made', [], { complete: {}, missing: [1, 2], unclear: [] }],
    [
      'all was made, in whatever order OMERO lists its files',
      [whole(7n, 'lock/a.xml', 'lock/a.tif'), whole(8n, 'lock/b.tif')],
      { complete: { 1: 7n, 2: 8n }, missing: [], unclear: [] },
    ],
    ['one was made', [whole(8n, 'lock/b.tif')], { complete: { 2: 8n }, missing: [1], unclear: [] }],
    [
      'one was made without a companion: it may not be imported again',
      [whole(7n, 'lock/a.tif')],
      { complete: {}, missing: [2], unclear: [7n] },
    ],
    [
      'one was made without an image',
      [{ ...whole(8n, 'lock/b.tif'), images: 0 }],
      { complete: {}, missing: [1], unclear: [8n] },
    ],
    [
      'one was made in another group',
      [{ ...whole(8n, 'lock/b.tif'), groupId: 4n }],
      { complete: {}, missing: [1], unclear: [8n] },
    ],
    [
      'one was made twice',
      [whole(8n, 'lock/b.tif'), whole(9n, 'lock/b.tif')],
      { complete: { 2: 8n }, missing: [1], unclear: [9n] },
    ],
    [
      'something was made that no one ordered',
      [whole(10n, 'lock/c.tif')],
      { complete: {}, missing: [1, 2], unclear: [10n] },
    ],
    [
      'two became one',
      [whole(11n, 'lock/a.tif', 'lock/a.xml', 'lock/b.tif')],
      { complete: {}, missing: [], unclear: [11n] },
    ],
  ])('%s', (_, made, result) => {
    const { complete, ...rest } = judgeAttempt(wanted, made, 3n);
    const ids = [...complete].map(([number, { filesetId }]) => [number, filesetId]);
    expect({ complete: Object.fromEntries(ids), ...rest }).toEqual(result);
  });

  it.each([
    [1, [], 1],
    [2, [7n], 0],
  ])('compares the images with a printed number of %s', (count, unclear, complete) => {
    const printed = new Map([[7n, count]]);
    const result = judgeAttempt([wanted[1]!], [whole(7n, 'lock/b.tif')], 3n, printed);
    expect([result.unclear, result.complete.size, result.missing]).toEqual([unclear, complete, []]);
  });

  it('leaves it to a person which of two filesets was made that OMERO gives the same paths', () => {
    const alike = [1, 2].map((number) => ({ number, clientPaths: ['lock/a;b.tif'] }));
    const { complete, missing, unclear } = judgeAttempt(alike, [whole(7n, 'lock/a;b.tif')], 3n);
    expect([complete.size, missing, unclear]).toEqual([1, [], [7n]]);
  });
});
