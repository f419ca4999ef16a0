import { OneFile } from '../testing/one-file';
import { Refused } from '@coldroom/domain';
import { exchange, exchangeLink, exchangeOrRename } from './exchange';
import { isOurLink } from './inspect';

let disk: OneFile;
let names: { readonly from: Buffer; readonly path: Buffer };
let ourLink: string;

/** A link of ours at the path, and a file that is to take its place. */
beforeEach(async () => {
  disk = await OneFile.create();
  disk.put('hold/1', 'ours');
  names = { from: disk.place.hold.at(Buffer.from('1')), path: disk.place.directory.at(Buffer.from('f')) };
  ourLink = disk.found('tree/f');
});
afterEach(() => disk.close());

const both = (): readonly string[] => ['tree/f', 'hold/1'].map((path) => disk.found(path));
const refusal = new Refused('PATH_TAKEN', 'for the test');
const asExpected = async (): Promise<undefined> => undefined;
const lastLook = async (): Promise<void> => disk.calls.note('last look');
const exchanged = 'exchange hold/1 tree/f';

describe('exchanging two names', () => {
  test.each<[name: string, call: () => Promise<unknown>]>([
    ['exchange', () => exchange({ ...names, unexpected: asExpected })],
    ['exchangeLink', () => exchangeLink({ ...names, isLink: async () => true })],
    ['exchangeOrRename', () => exchangeOrRename(names)],
  ])('%s waits for nothing before the call', async (_name, call) => {
    const done = call();
    expect(disk.calls.made).toEqual([exchanged]);
    await done;
    expect([disk.calls.made, both()]).toEqual([[exchanged], ['ours', ourLink]]);
  });

  test('puts back at once what was not expected, then does the rest, and throws the refusal', async () => {
    const unexpected = async (): Promise<Refused> => {
      disk.calls.note('look');
      return refusal;
    };
    const afterPutBack = async (): Promise<void> => disk.calls.note('rest');
    await expect(exchange({ ...names, unexpected, afterPutBack })).rejects.toBe(refusal);
    expect([disk.calls.made, both()]).toEqual([
      [exchanged, 'look', exchanged, 'rest'],
      [ourLink, 'ours'],
    ]);
  });

  test('throws the refusal where there is no rest to do', async () => {
    await expect(exchange({ ...names, unexpected: async () => refusal })).rejects.toBe(refusal);
    expect(both()).toEqual([ourLink, 'ours']);
  });

  test('renames nothing after another failure, whatever the last look would find', async () => {
    disk.calls.before('exchange', () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    const failing = exchange({ ...names, beforeRename: lastLook, unexpected: asExpected });
    await expect(failing).rejects.toMatchObject({ code: 'EIO' });
    expect([disk.calls.made, both()]).toEqual([[`${exchanged}: EIO`], [ourLink, 'ours']]);
  });
});

describe('where names cannot be exchanged', () => {
  const failed = `${exchanged}: EXCHANGE_NOT_SUPPORTED`;
  beforeEach(() => disk.calls.withoutExchange());

  test('renames after the last look, and looks at nothing afterwards', async () => {
    await exchange({ ...names, beforeRename: lastLook, unexpected: async () => refusal });
    expect(disk.calls.made).toEqual([failed, 'last look', 'rename hold/1 tree/f']);
    expect(both()).toEqual(['ours', 'ENOENT']);
  });

  test('renames nothing where the last look refuses', async () => {
    const beforeRename = (): Promise<void> => Promise.reject(refusal);
    await expect(exchange({ ...names, beforeRename, unexpected: asExpected })).rejects.toBe(refusal);
    expect([disk.calls.made, both()]).toEqual([[failed], [ourLink, 'ours']]);
  });

  test('renames nothing without a last look', async () => {
    const refused = exchange({ ...names, unexpected: asExpected });
    await expect(refused).rejects.toMatchObject({ code: 'EXCHANGE_NOT_SUPPORTED' });
    expect([disk.calls.made, both()]).toEqual([[failed], [ourLink, 'ours']]);
  });
});

describe('replacing a link of ours', () => {
  const isLink = (name: Buffer): Promise<boolean> => isOurLink(name, disk.place);

  test('PATH_TAKEN: what is not our link goes back to the path', async () => {
    disk.put('tree/f', 'theirs');
    await expect(exchangeLink({ ...names, isLink })).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual(['theirs', 'ours']);
  });

  test('PATH_TAKEN: our link goes back where the wrong thing took its place', async () => {
    const wrong = exchangeLink({ ...names, isLink, isInPlace: async () => false });
    await expect(wrong).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual([ourLink, 'ours']);
  });

  test('PATH_TAKEN: what is not our link stays where names cannot be exchanged', async () => {
    disk.calls.withoutExchange();
    disk.put('tree/f', 'theirs');
    await expect(exchangeLink({ ...names, isLink })).rejects.toMatchObject({ code: 'PATH_TAKEN' });
    expect(both()).toEqual(['theirs', 'ours']);
  });

  test('renames over our link where names cannot be exchanged', async () => {
    disk.calls.withoutExchange();
    await exchangeLink({ ...names, isLink, isInPlace: async () => false });
    expect(both()).toEqual(['ours', 'ENOENT']);
  });
});
