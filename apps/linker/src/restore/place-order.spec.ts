import { RecordedArchive } from '../testing/recorded-archive';
import type { Retrieval } from '@coldroom/domain';

describe('the place stage, call by call', () => {
  let recorded: RecordedArchive;
  beforeAll(async () => {
    recorded = await RecordedArchive.create('place_order');
  });
  afterEach(() => recorded.putAside());
  afterAll(() => recorded.close());

  const place = () => recorded.run(recorded.archive.place);

  async function proven(way: Retrieval, id?: bigint): Promise<bigint> {
    const request = id ?? (await recorded.archived({ held: false }));
    await recorded.archive.bench.ask(request, way);
    await recorded.archive.proven();
    return request;
  }

  const restored = [
    'claim',
    'exchange hold/1.fetched tree/a',
    'place:1-swapped',
    'claim',
    'unlink hold/1.fetched',
    'place:2-tidied',
  ];

  test('swaps the names, removes the link, syncs both directories', async () => {
    await proven('restore');
    expect((await place()).calls).toEqual([...restored, 'sync tree', 'sync hold', 'place:3-synced']);
    expect([recorded.found('tree/a'), recorded.open]).toEqual(['content', []]);
  });

  test('removes the recalled copy of a file that is restored, after a check of the claim', async () => {
    const id = await proven('recall');
    await place();
    await proven('restore', id);
    expect((await place()).calls).toEqual([
      ...restored,
      'claim',
      'unlink online/a',
      'expire:1-removed',
      'sync online',
      'rmdir online',
      'rmdir recall/bag/data',
      'rmdir recall/bag',
      'sync tree',
      'sync hold',
      'place:3-synced',
    ]);
  });

  test('renames a recalled file after a check of the claim, and syncs both directories', async () => {
    await proven('recall');
    const { calls } = await place();
    const [made, rest] = [calls.slice(0, calls.indexOf('claim')), calls.slice(calls.indexOf('claim'))];
    expect(made.filter((line) => !line.startsWith('sync recall'))).toEqual([]); // of directories that were created
    expect([...rest.slice(0, 5), ...rest.slice(5, 7).sort(), ...rest.slice(7)]).toEqual([
      'claim',
      'rename fetching/1 online/a',
      'place:1-swapped',
      'sync tree',
      'sync hold',
      'sync fetching',
      'sync online',
      'place:3-synced',
    ]);
    expect([recorded.found('online/a'), recorded.open]).toEqual(['content', []]);
  });
});
