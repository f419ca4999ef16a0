import { RecordedArchive } from '../testing/recorded-archive';
import type { Retrieval } from '@coldroom/domain';

describe('the undo stage, call by call', () => {
  let recorded: RecordedArchive;
  beforeAll(async () => {
    recorded = await RecordedArchive.create('undo_order');
  });
  afterEach(() => recorded.putAside());
  afterAll(() => recorded.close());

  const undo = (check?: () => void) => recorded.run(recorded.archive.undo, check);
  const file = () => recorded.file();
  const undoLink = ['claim', 'exchange hold/1 tree/a', 'undo:1-swapped', 'unlink hold/1'];
  const synced = ['sync tree', 'sync hold', 'undo:2-synced'];

  /** To be undone, with its original held; with a retrieval requested, it is fetched and proven. */
  async function undoing(way?: Retrieval): Promise<void> {
    const id = await recorded.archived({ held: true });
    const { operator, retrievals } = recorded.archive.bench.register;
    if (way !== undefined) await recorded.archive.bench.ask(id, 'recall');
    if (way === 'restore') {
      // otherwise the restore would be an undo
      await retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
      await recorded.archive.bench.ask(id, 'restore');
    }
    if (way !== undefined) await recorded.archive.proven();
    await operator.undo({ kind: 'Request', ids: [id] }, 'test');
  }

  test('checks the claim, swaps the names, removes the link, syncs both directories', async () => {
    await undoing();
    expect((await undo()).calls).toEqual([...undoLink, ...synced, 'sync hold']);
    expect([recorded.found('tree/a'), await file(), recorded.open]).toMatchObject([
      'content',
      { state: 'undone', code: null },
      [],
    ]);
  });

  test('removes what a restore fetched once the original is synced, and syncs again', async () => {
    await undoing('restore');
    expect((await undo()).calls).toEqual([...undoLink, ...synced, 'claim', 'unlink hold/1.fetched', 'sync hold']);
  });

  test('removes what a recall fetched once the original is synced', async () => {
    await undoing('recall');
    expect((await undo()).calls).toEqual([
      ...undoLink,
      ...synced,
      'claim',
      'unlink fetching/1',
      'sync fetching',
      'rmdir fetching',
      'rmdir recall/.fetching',
      'sync hold',
    ]);
  });

  test('changes nothing without the claim', async () => {
    await undoing();
    const { result } = await undo(() => {
      throw new Error('the claim is lost');
    });
    expect(result).toMatchObject({ message: 'the claim is lost' });
    expect([recorded.found('tree/a'), recorded.found('hold/1')]).toEqual(['link', 'content']);
  });

  test('is not done where the claim is lost before what was fetched is removed', async () => {
    await undoing('restore');
    let lost = false;
    recorded.atStep('undo:2-synced', () => (lost = true));
    const { result } = await undo(() => {
      if (lost) throw new Error('the claim is lost');
    });
    expect(result).toMatchObject({ message: 'the claim is lost' });
    expect([recorded.found('hold/1.fetched'), (await file()).state]).toEqual(['content', 'undoing']);
  });

  test('leaves what was fetched where something else appears at the path', async () => {
    await undoing('restore');
    recorded.atStep('undo:2-synced', () => recorded.put('tree/a', 'theirs'));
    await undo();
    expect(await file()).toMatchObject({ state: 'undone', code: 'PATH_TAKEN' });
    expect([recorded.found('tree/a'), recorded.found('hold/1.fetched')]).toEqual(['theirs', 'content']);
  });
});
