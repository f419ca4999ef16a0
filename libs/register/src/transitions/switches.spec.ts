import { freshRegister } from '../testing/fresh-register';
import { bagsOf, claimed, transitionOf, running } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

async function fails(howMany: number, errorLimit: number): Promise<void> {
  await running(place.register, { 'Fileset:1': Array<bigint>(howMany).fill(1n) });
  const bag = (await bagsOf(place.register)).at(-1) as bigint;
  const claim = await claimed(place.register, bag, 'approved');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => transitionOf(file, 'fail')),
    { stage: 'hash', errorLimit },
  );
}

async function stopped(): Promise<string[]> {
  return (await place.register.switches.list()).filter((one) => one.stopped).map((one) => one.name);
}

describe('a person', () => {
  it('stops and resumes, and is recorded', async () => {
    await place.register.switches.stop('all', 'the disks make noises', 'ada');
    expect(await place.register.switches.list()).toEqual([
      {
        name: 'all',
        stopped: true,
        reason: 'the disks make noises',
        changedBy: 'ada',
        changedAt: expect.any(Date),
        failures: 0,
      },
    ]);
    expect(await place.register.switches.resume('all', 'bob')).toEqual(['all']);
    expect(await stopped()).toEqual([]);
    const events = await place.register.reports.events({});
    expect(events.map((event) => [event.what, event.actor, event.detail])).toEqual([
      ['resume', 'bob', { switches: ['all'] }],
      ['stop', 'ada', { switch: 'all', reason: 'the disks make noises' }],
    ]);
  });

  it('is obeyed within a moment, whatever part is stopped', async () => {
    const { switches } = place.register;
    await switches.refuseWhereStopped();
    await switches.stop('store:other', 'smoke', 'ada');
    await new Promise((resolve) => setTimeout(resolve, 220));
    await expect(switches.refuseWhereStopped()).rejects.toMatchObject({
      kind: 'not-yet',
      code: 'STOPPED',
      message: expect.stringContaining('store:other is stopped (smoke)'),
    });
    await switches.resume(undefined, 'ada');
    await new Promise((resolve) => setTimeout(resolve, 220));
    await switches.refuseWhereStopped();
  });

  it('is obeyed by a machine that was suspended and wakes, though its own clock stood still', async () => {
    const { switches } = place.register;
    await switches.refuseWhereStopped();
    const stopping = switches.stop('all', 'smoke', 'ada');
    while ((await stopped()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const later = Date.now() + 3_600_000;
    const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
    await expect(switches.refuseWhereStopped()).rejects.toMatchObject({ code: 'STOPPED' });
    clock.mockRestore();
    await stopping;
    await switches.resume(undefined, 'ada');
    await new Promise((resolve) => setTimeout(resolve, 220));
  });

  it('resumes one part, or all of them, and parts that run are not reported as stopped', async () => {
    for (const name of ['all', 'stage:link', 'store:main']) await place.register.switches.stop(name, 'x', 'ada');
    expect(await place.register.switches.resume('stage:link', 'ada')).toEqual(['stage:link']);
    expect(await place.register.switches.resume('stage:link', 'ada')).toEqual([]);
    await fails(1, 10); // counts, and stops nothing: "store:main" is stopped already
    expect((await place.register.switches.resume(undefined, 'ada')).toSorted()).toEqual(['all', 'store:main']);
    expect(await stopped()).toEqual([]);
  });
});

describe('the breaker', () => {
  it('stops the stage and the store when one more file fails than the limit allows', async () => {
    await fails(2, 3);
    await fails(1, 3);
    expect(await stopped()).toEqual([]);
    await fails(1, 3);
    expect(await stopped()).toEqual(['stage:hash', 'store:main']);
    expect(await place.register.switches.list()).toEqual([
      expect.objectContaining({
        name: 'stage:hash',
        failures: 4,
        changedBy: 'breaker',
        reason: '4 files failed within an hour; the limit is 3',
      }),
      expect.objectContaining({ name: 'store:main', failures: 4 }),
    ]);
    expect((await place.register.reports.events({})).filter((event) => event.actor === 'breaker')).toHaveLength(2);
  });

  it('forgets what is over an hour old, and what was before a person resumed it', async () => {
    await fails(3, 3);
    await place.sql.query(`UPDATE switch SET window_started = now() - interval '61 min'`);
    await fails(3, 3);
    expect(await stopped()).toEqual([]);
    await fails(1, 3);
    expect(await stopped()).toEqual(['stage:hash', 'store:main']);
    await place.register.switches.resume(undefined, 'ada');
    await fails(3, 3);
    expect(await stopped()).toEqual([]);
  });

  it('stops at the first failure where the limit is 0', async () => {
    await fails(1, 0);
    expect(await stopped()).toEqual(['stage:hash', 'store:main']);
  });

  it('does not count when the move fails', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const claim = await claimed(place.register, (await bagsOf(place.register))[0] as bigint, 'approved');
    const move = transitionOf(claim.files[0]!, 'fail');
    await expect(
      place.register.applyTransitions(claim, [move, { ...move, id: 999n }], { stage: 'hash', errorLimit: 0 }),
    ).rejects.toThrow();
    expect(await place.register.switches.list()).toEqual([]);
  });

  it('counts every failure of many workers at once', async () => {
    await running(
      place.register,
      Object.fromEntries(Array.from({ length: 8 }, (_, nr) => [`Fileset:${nr}`, [1n << 30n]])),
    );
    const bags = await bagsOf(place.register);
    const claims = await Promise.all(bags.map((bag) => claimed(place.register, bag, 'approved')));
    await Promise.all(
      claims.map((claim, nr) =>
        place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'fail')], {
          stage: nr % 2 ? 'a' : 'z',
          errorLimit: 100,
        }),
      ),
    );
    expect((await place.register.switches.list()).map((one) => [one.name, one.failures])).toEqual([
      ['stage:a', 4],
      ['stage:z', 4],
      ['store:main', 8],
    ]);
  });
});
