import { packBags, type Packable } from './bags';

async function* filesOf(...filesets: [string, number[]][]): AsyncGenerator<Packable> {
  let id = 0n;
  for (const [fileset, sizes] of filesets) for (const size of sizes) yield { id: ++id, fileset, size: BigInt(size) };
}

async function shapes(limits: { files: number; bytes: bigint }, ...filesets: [string, number[]][]): Promise<string[]> {
  const bags: string[] = [];
  for await (const bag of packBags(filesOf(...filesets), limits))
    bags.push(bag.files.map((file) => file.fileset).join(''));
  return bags;
}

describe('packBags', () => {
  const limits = { files: 4, bytes: 100n };

  it('puts whole filesets together while they fit', async () => {
    expect(await shapes(limits, ['a', [1, 1]], ['b', [1]], ['c', [1, 1]])).toEqual(['aab', 'cc']);
  });
  it('never splits a fileset that fits into one bag', async () => {
    expect(await shapes(limits, ['a', [1, 1, 1]], ['b', [1, 1]])).toEqual(['aaa', 'bb']);
  });
  it('splits a larger fileset at the limit and leaves the rest open for the next', async () => {
    expect(await shapes(limits, ['a', [1, 1, 1, 1, 1, 1]], ['b', [1]])).toEqual(['aaaa', 'aab']);
  });
  it('gives a file over the size limit a bag of its own', async () => {
    expect(await shapes(limits, ['a', [1]], ['b', [1000]], ['c', [1]])).toEqual(['a', 'b', 'c']);
  });
  it('counts bytes as well as files', async () => {
    expect(await shapes(limits, ['a', [60]], ['b', [40]], ['c', [1]])).toEqual(['ab', 'c']);
  });
  it('returns no bag for no files', async () => {
    expect(await shapes(limits)).toEqual([]);
  });
});
