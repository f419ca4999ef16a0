import { RecordedArchive } from '../testing/recorded-archive';

describe('the expire stage, call by call', () => {
  let recorded: RecordedArchive;
  beforeAll(async () => {
    recorded = await RecordedArchive.create('expire_order');
  });
  beforeEach(async () => {
    const id = await recorded.archived({ held: false });
    await recorded.archive.bench.ask(id, 'recall');
    await recorded.archive.proven();
    await recorded.archive.all(recorded.archive.place);
    await recorded.archive.sql(`UPDATE file SET online_until = now() - interval '1 s'`);
  });
  afterEach(() => recorded.putAside());
  afterAll(() => recorded.close());

  test('removes the recalled copy after a check of the claim, syncs, then removes its directories', async () => {
    expect((await recorded.run(recorded.archive.expire)).calls).toEqual([
      'claim',
      'unlink online/a',
      'expire:1-removed',
      'sync online',
      'rmdir online',
      'rmdir recall/bag/data',
      'rmdir recall/bag',
      'expire:2-synced',
    ]);
    expect(recorded.open).toEqual([]);
  });

  test('keeps the recalled copy where the copy is found bad while the store is queried', async () => {
    const found = recorded.answering(() => recorded.archive.sql(`UPDATE file SET copy_fault = 'COPY_DIFFERS'`));
    await recorded.run(recorded.archive.expireWith(found));
    expect(await recorded.file()).toMatchObject({ state: 'stuck', code: 'COPY_DIFFERS' });
    expect(recorded.found('online/a')).toBe('content');
  });
});
