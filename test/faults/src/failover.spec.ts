import { expectOnce, twoFilesets } from './crash-points';
import { said } from './services';
import { World } from './world';

const once = ['hash', 'copy', 'verify', 'seal', 'link', 'undo'];

let world: World;
beforeEach(async () => {
  // No bag may get stuck by what its register does: one failed attempt would be too many.
  world = await World.create({ env: { COLDROOM_ATTEMPTS: '1' } });
});
afterEach(() => world.close());

test('another server at the same address, a standby at first: services wait, say why, and go on', async () => {
  const services = world.services.startAll();
  const requestId = await world.archive(twoFilesets);
  await world.until('a file to be hashed', async () =>
    (await world.filesOf(requestId)).some((file) => file.state !== 'approved'),
  );
  const promote = await world.servers.failOver();
  const linker = services.find(({ name }) => name === 'linker')!;
  await said(linker, 'REGISTER_DATABASE_URL leads to a standby');
  const doctor = world.services.command('doctor');
  await doctor.exited;
  expect(doctor.lines.join('\n').replace(/\s+/g, ' ')).toMatch(/OMERO_DATABASE_URL leads to a standby/);
  const late = world.start('transfer');
  await said(late, '"REGISTER_READ_ONLY"');
  expect(await late.exited).toEqual({ code: 5, signal: null });

  await promote();
  await world.reached(requestId, 'linked');
  await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
  await world.reached(requestId, 'undone');
  await world.checkAtRest();
  await expectOnce(world, requestId, ...once);
});

test('connections that are cut in the middle of statements lose nothing, and no file gets stuck', async () => {
  const oneIn = 20;
  world.services.startAll();
  const requestId = await world.archive(twoFilesets);
  // A request that could not be started is left alone for a minute.
  await world.until('the request to be started', async () =>
    (await world.filesOf(requestId)).every((file) => file.state !== 'registered'),
  );
  world.servers.cutPostgres(oneIn);
  await world.reached(requestId, 'linked');
  world.servers.cutPostgres(0);
  await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
  world.servers.cutPostgres(oneIn);
  await world.reached(requestId, 'undone');
  world.servers.cutPostgres(0);
  process.stderr.write(`${world.servers.postgresCuts} connections were cut\n`);
  expect(world.servers.postgresCuts).toBeGreaterThan(5);
  await world.checkAtRest();
  await expectOnce(world, requestId, ...once);
  expect(world.services.lines.filter((line) => line.includes(': ended with'))).toEqual([]);
});
