import { freshRegister } from '../testing/fresh-register';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

it('a scan is started, finished and reported', async () => {
  const { scans } = place.register;
  expect(await scans.begin()).toBeUndefined();
  expect(await scans.last()).toBeUndefined();
  const id = await scans.ask('ada');
  expect(await scans.get(id)).toEqual({
    id,
    askedAt: expect.any(Date),
    startedAt: null,
    finishedAt: null,
    failed: null,
    report: null,
  });
  expect(await scans.begin()).toBe(id);
  await scans.finish(id, { marks: 3 }, null);
  expect(await scans.get(id)).toMatchObject({ finishedAt: expect.any(Date), failed: null, report: { marks: 3 } });
  expect(await scans.last()).toMatchObject({ id });
  expect(await scans.begin()).toBeUndefined();
  expect(await scans.get(99n)).toBeUndefined();
});

it('a scan that died is started again, before scans requested later', async () => {
  const { scans } = place.register;
  const first = await scans.ask('clock');
  const second = await scans.ask('ada');
  expect(await scans.begin()).toBe(first);
  expect(await scans.begin()).toBe(first); // the scanner was killed and started again
  await scans.finish(first, null, 'REGISTER_UNAVAILABLE: gone');
  expect(await scans.last()).toMatchObject({ id: first, failed: 'REGISTER_UNAVAILABLE: gone', report: null });
  expect(await scans.begin()).toBe(second);
});
