import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, transitionOf, running, stage } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

describe('how long stages took', () => {
  it('is known for the last bags, by the state in which they were taken, without failed runs', async () => {
    await running(place.register, { 'Fileset:1': [700n, 300n] });
    const [bag] = await bagsOf(place.register);
    const hash = await claimed(place.register, bag!, 'approved');
    await place.register.applyTransitions(
      hash,
      hash.files.map((file, nr) => transitionOf(file, nr === 0 ? 'fail' : 'hash')),
      { ...stage, tookMs: 40 },
    );
    expect(await place.register.reports.stageTimes(['approved', 'sealed'])).toEqual([
      { state: 'approved', files: 1, bytes: 300n, ms: 40 },
    ]);
    await place.sql.query(
      `INSERT INTO event (actor, what, from_state, detail) SELECT 'w', 'link', 'sealed', jsonb_build_object('files', nr, 'bytes', 9, 'ms', 5) FROM generate_series(1, 60) nr`,
    );
    const times = await place.register.reports.stageTimes(['sealed']);
    expect(times).toHaveLength(50);
    expect(times[0]).toEqual({ state: 'sealed', files: 60, bytes: 9n, ms: 5 });
  });
});

describe('what is archived of the requests that are being archived', () => {
  it('excludes requests that have nothing left to archive', async () => {
    const { reports } = place.register;
    const large = 1n << 29n;
    const ended = await running(place.register, { 'Fileset:1': [5n] });
    const [first] = await bagsOf(place.register);
    await brought(place.register, first!, 'released');
    const id = await running(place.register, { 'Fileset:2': [large], 'Fileset:3': [large] });
    expect(await reports.archivedOfRunning()).toEqual({ files: 0, bytes: 0n });
    const [second] = await bagsOf(place.register);
    await brought(place.register, second!, 'linked');
    expect(await reports.archivedOfRunning()).toEqual({ files: 1, bytes: large });
    expect(await reports.archivedOfRunning(id)).toEqual({ files: 1, bytes: large });
    expect(await reports.archivedOfRunning(ended)).toEqual({ files: 0, bytes: 0n });
  });
});
