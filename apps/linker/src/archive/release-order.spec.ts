import { RecordedArchive } from '../testing/recorded-archive';
import { rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';

describe('the release stage, call by call', () => {
  let recorded: RecordedArchive;
  beforeAll(async () => {
    recorded = await RecordedArchive.create('release_order');
  });
  afterEach(() => recorded.putAside());
  afterAll(() => recorded.close());

  const release = () => recorded.run(recorded.archive.release());
  const file = () => recorded.file();
  const cancel = (id: bigint): Promise<number> =>
    recorded.archive.bench.register.retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
  const synced = ['sync tree', 'sync hold', 'release:2-synced'];

  /** A retrieval that was cancelled after the file was fetched and proven. */
  async function givenUp(way: 'restore' | 'recall', options = { held: false }): Promise<void> {
    const id = await recorded.archived(options);
    await recorded.archive.bench.ask(id, way);
    await recorded.archive.proven();
    await cancel(id);
  }

  test('checks the claim, removes the held original, syncs', async () => {
    await recorded.archived({ held: true });
    expect((await release()).calls).toEqual(['claim', 'unlink hold/1', 'release:1-removed', ...synced]);
    expect([recorded.exists('hold/1'), (await file()).state, recorded.open]).toEqual([false, 'released', []]);
  });

  test('queries no store before the hold of the originals ends', async () => {
    await recorded.archived({ held: true });
    const asked = jest.fn();
    const early = recorded.archive.release(
      true,
      recorded.answering(async () => asked()),
    );
    expect((await recorded.run(early)).result).toMatchObject({ transitions: [], wait: { code: 'HELD' } });
    expect(asked).not.toHaveBeenCalled();
  });

  test('removes what a cancelled move left, after another check of the claim', async () => {
    await recorded.archived({ held: true });
    recorded.put('hold/1.moving', 'half');
    expect((await release()).calls).toEqual([
      'claim',
      'unlink hold/1',
      'release:1-removed',
      'claim',
      'unlink hold/1.moving',
      ...synced,
    ]);
  });

  test('removes what a cancelled restore fetched, after a check of the claim', async () => {
    await givenUp('restore');
    expect((await release()).calls).toEqual(['claim', 'unlink hold/1.fetched', ...synced]);
    expect(await file()).toMatchObject({ state: 'released' });
  });

  test('removes what a cancelled recall fetched, after a check of the claim', async () => {
    await givenUp('recall');
    expect((await release()).calls).toEqual([
      'claim',
      'unlink fetching/1',
      'sync fetching',
      'rmdir fetching',
      'rmdir recall/.fetching',
      ...synced,
    ]);
  });

  test('removes the recalled copy of a cancelled recall, after a check of the claim', async () => {
    const id = await recorded.archived({ held: false });
    await recorded.archive.bench.ask(id, 'recall');
    await recorded.archive.proven();
    await recorded.archive.killed(recorded.archive.place, 'place:3-synced');
    await cancel(id);
    const { calls } = await release();
    expect(calls.slice(calls.indexOf('claim'))).toEqual([
      'claim',
      'unlink online/a',
      'expire:1-removed',
      'sync online',
      'rmdir online',
      'rmdir recall/bag/data',
      'rmdir recall/bag',
      ...synced,
    ]);
  });

  test('leaves in place what a cancelled restore placed, and removes its link', async () => {
    const id = await recorded.archived({ held: false });
    await recorded.archive.bench.ask(id);
    await recorded.archive.proven();
    await recorded.archive.killed(recorded.archive.place, 'place:1-swapped');
    await cancel(id);
    expect((await release()).calls).toEqual([
      'place:1-swapped',
      'claim',
      'unlink hold/1.fetched',
      'place:2-tidied',
      ...synced,
    ]);
    expect([recorded.found('tree/a'), (await file()).state]).toEqual(['content', 'restored']);
  });

  test('keeps what a cancelled restore fetched where the store has lost the copy', async () => {
    await givenUp('restore');
    rmSync(recorded.at('store/a'));
    expect((await release()).calls).toEqual(synced);
    expect(await file()).toMatchObject({ state: 'stuck', code: 'COPY_MISSING' });
    expect((await file()).reason).toContain('what was fetched is kept');
    expect(recorded.found('hold/1.fetched')).toBe('content');
  });

  test.each(['restore', 'recall'] as const)('keeps what a cancelled %s fetched without the claim', async (way) => {
    await givenUp(way);
    const { result } = await recorded.run(recorded.archive.release(), () => {
      throw new Error('the claim is lost');
    });
    expect(result).toMatchObject({ message: 'the claim is lost' });
    expect(recorded.found(way === 'recall' ? 'fetching/1' : 'hold/1.fetched')).toBe('content');
  });

  test('reports nothing as released where neither the link nor the held original exists', async () => {
    await recorded.archived({ held: true });
    await rm(recorded.at('hold/1'));
    await rename(recorded.at('tree/a'), recorded.at('tree/elsewhere'));
    await release();
    expect(await file()).toMatchObject({ state: 'stuck', code: 'LINK_GONE' });
    expect((await file()).reason).toContain('neither our link nor the held original');
  });
});
