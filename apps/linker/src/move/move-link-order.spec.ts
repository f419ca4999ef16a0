import { RecordedArchive } from '../testing/recorded-archive';
import { readlinkSync } from 'node:fs';

describe('the move-link stage, call by call', () => {
  let recorded: RecordedArchive;
  let id: bigint;

  beforeAll(async () => {
    recorded = await RecordedArchive.create('relink_order', { recallable: false });
  });
  beforeEach(async () => {
    id = await recorded.archived({ held: true });
    await recorded.archive.bench.move(id, 'moveSealed');
  });
  afterEach(() => recorded.putAside());
  afterAll(() => recorded.close());

  const moveLink = () => recorded.run(recorded.archive.moveLink);

  test('creates the new link, swaps the names, removes the old link, syncs', async () => {
    expect((await moveLink()).calls).toEqual([
      'claim',
      'claim',
      'symlink tree/.coldroom-1',
      'move-link:1-link-made',
      'claim',
      'exchange tree/.coldroom-1 tree/a',
      'move-link:2-swapped',
      'claim',
      'unlink tree/.coldroom-1',
      'move-link:3-tidied',
      'sync tree',
      'move-link:4-synced',
    ]);
    expect(readlinkSync(recorded.at('tree/a'))).toContain(recorded.archive.bench.otherDir);
    expect(recorded.open).toEqual([]);
  });

  test('does not switch the bag while anything is stopped, even if all links are already swapped', async () => {
    await recorded.archive.killed(recorded.archive.moveLink, 'move-link:4-synced');
    const { switches } = recorded.archive.bench.register;
    await switches.stop('stage:hash', 'a test', 'boss');
    expect((await moveLink()).result).toMatchObject({ code: 'STOPPED' });
    expect(await recorded.file()).toMatchObject({ state: 'moveSealed', store: 'main' });
    await switches.resume('stage:hash', 'boss');
  });
});
