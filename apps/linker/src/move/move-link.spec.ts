import { OneFile } from '../testing/one-file';
import { inspectLink, moveLinkOne, type MovedPlace } from './move-link';

const beside = 'tree/.coldroom-1';
let disk: OneFile;
let place: MovedPlace;
let oldLink: string;
let newLink: string;

beforeEach(async () => {
  disk = await OneFile.create();
  place = { ...disk.place, oldTarget: disk.place.target, target: Buffer.from(disk.at('other/copy')) };
  oldLink = `-> ${place.oldTarget.toString()}`;
  newLink = `-> ${place.target.toString()}`;
});
afterEach(() => disk.close());

const moveLink = (): Promise<void> => moveLinkOne(place, disk.guard);
const putLink = (path: string, target: Buffer): void => disk.putLink(path, target.toString());
const both = (): readonly string[] => ['tree/f', beside].map((path) => disk.found(path));

describe('swapping a link for one into another store', () => {
  test('creates the new link, swaps the names, removes the old link, each after a claim check', async () => {
    await moveLink();
    expect(disk.calls.made).toEqual([
      'claim',
      `symlink ${beside}`,
      'move-link:1-link-made',
      'claim',
      `exchange ${beside} tree/f`,
      'move-link:2-swapped',
      'claim',
      `unlink ${beside}`,
      'move-link:3-tidied',
    ]);
    expect(both()).toEqual([newLink, 'ENOENT']);
  });

  test('renames where names cannot be swapped', async () => {
    disk.calls.withoutExchange();
    await moveLink();
    expect(disk.calls.made).toEqual([
      'claim',
      `symlink ${beside}`,
      'move-link:1-link-made',
      'claim',
      `exchange ${beside} tree/f: EXCHANGE_NOT_SUPPORTED`,
      `rename ${beside} tree/f`,
      'move-link:2-swapped',
      'move-link:3-tidied',
    ]);
    expect(both()).toEqual([newLink, 'ENOENT']);
  });

  test('where names cannot be swapped, a file that appears at the path at the last moment stays', async () => {
    disk.calls.withoutExchange();
    disk.calls.before('exchange', () => disk.put('tree/f', 'theirs'));
    await expect(moveLink()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(disk.found('tree/f')).toBe('theirs');
  });

  test('does not rename after any other failure of the swap', async () => {
    disk.calls.before('exchange', () => {
      throw Object.assign(new Error('no disk'), { code: 'EIO' });
    });
    await expect(moveLink()).rejects.toMatchObject({ code: 'EIO' });
    expect(both()).toEqual([oldLink, newLink]);
  });

  test('puts a file that appears at the path at the last moment back there, and removes our link', async () => {
    disk.calls.before('exchange', () => disk.put('tree/f', 'theirs'));
    await expect(moveLink()).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual(['theirs', 'ENOENT']);
  });

  test.each<[inspect: number, found: () => readonly string[]]>([
    [1, () => [oldLink, 'ENOENT']],
    [2, () => [oldLink, newLink]],
    [3, () => [newLink, oldLink]],
  ])('does nothing more once the claim is lost at check %s', async (inspect, found) => {
    disk.loseClaimAt(inspect);
    await expect(moveLink()).rejects.toThrow('the claim is lost');
    expect(both()).toEqual(found());
  });

  test('removes the old link that a crash left after the swap', async () => {
    putLink('tree/f', place.target);
    putLink(beside, place.oldTarget);
    await moveLink();
    expect(disk.calls.made).toEqual(['move-link:2-swapped', 'claim', `unlink ${beside}`, 'move-link:3-tidied']);
    expect(both()).toEqual([newLink, 'ENOENT']);
  });

  test.each<[store: string, target: () => Buffer]>([
    ['the new', () => place.target],
    ['the old', () => place.oldTarget],
  ])('creates the link again where one into %s store was left before the swap', async (_, target) => {
    putLink(beside, target());
    await moveLink();
    expect(disk.calls.made.slice(0, 4)).toEqual(['claim', `unlink ${beside}`, 'claim', `symlink ${beside}`]);
    expect(both()).toEqual([newLink, 'ENOENT']);
  });

  test('leaves what is not ours beside a link that is already swapped', async () => {
    putLink('tree/f', place.target);
    disk.put(beside, 'theirs');
    await moveLink();
    expect([disk.calls.made, both()]).toEqual([
      ['move-link:2-swapped', 'move-link:3-tidied'],
      [newLink, 'theirs'],
    ]);
  });

  test('is refused where something else has the name beside', async () => {
    disk.put(beside, 'theirs');
    await expect(moveLink()).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(both()).toEqual([oldLink, 'theirs']);
  });
});

describe('checking a link whose bag moves', () => {
  test('recognises links of ours into either store, and nothing else', async () => {
    expect(await inspectLink(place)).toBe('our-link');
    putLink('tree/f', place.target);
    expect(await inspectLink(place)).toBe('our-link');
    disk.putLink('tree/f', 'elsewhere');
    expect(await inspectLink(place)).toBe('other');
    disk.put('tree/f', 'theirs');
    expect(await inspectLink(place)).toBe('other');
    disk.remove('tree/f');
    expect(await inspectLink(place)).toBe('missing');
  });
});
