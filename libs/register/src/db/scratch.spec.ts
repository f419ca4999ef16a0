import { ScratchServer, scratchName } from './scratch';

test.each(['coldroom', 'postgres', 'coldroom_drill_', 'coldroom_drill_20260101t000000z"; DROP', 'coldroom_drill_x'])(
  'a database that is not of a drill is neither made nor dropped: %s',
  async (name) => {
    const server = new ScratchServer(process.env['TEST_POSTGRES_URL'] as string);
    for (const act of [() => server.create(name), () => server.drop(name), async () => server.urlOf(name)])
      await expect(act()).rejects.toMatchObject({ code: 'DRILL_NAME_NOT_OURS' });
  },
);

test('a name says when the drill began', () => {
  const at = new Date('2026-11-29T02:30:00.500Z');
  expect([scratchName(at, 'register'), scratchName(at, 'omero')]).toEqual([
    'coldroom_drill_20261129t023000z',
    'coldroom_drill_20261129t023000z_omero',
  ]);
});
