import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expectOnce, twoFilesets } from './crash-points';
import { flipByte } from './tampering';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create({ env: { COLDROOM_ERROR_LIMIT: '1000' } });
  world.services.startAll();
});
afterAll(() => world.close());

interface Brought {
  readonly requestId: bigint;
  readonly bag: string;
  /** Of the first file, below its bag's `data`. */
  readonly path: string;
}

async function broughtTo(state: string, stage: string): Promise<Brought> {
  await world.register.switches.stop(`stage:${stage}`, 'a test', 'a tester');
  const requestId = await world.archive(twoFilesets);
  const file = (await world.reached(requestId, state)).find((one) => one.path.endsWith('a.tif'))!;
  return { requestId, bag: file.bag!, path: `${file.root}/${file.path}` };
}

const openCopy = ({ bag, path }: Brought): string => join(world.store, '.open', bag, 'data', path);
const sealedCopy = ({ bag, path }: Brought): string => join(world.store, bag, 'data', path);
const resume = (stage: string): Promise<unknown> => world.register.switches.resume(`stage:${stage}`, 'a tester');

test('a byte flipped before a copy is verified: it is copied again', async () => {
  const brought = await broughtTo('copied', 'verify');
  flipByte(openCopy(brought));
  await resume('verify');
  await world.reached(brought.requestId, 'linked');
  await world.checkAtRest();
  const events = await world.register.reports.events({ requestId: brought.requestId }, 1000);
  expect(events.filter(({ what }) => what === 'copyAgain').map(({ code }) => code)).toEqual(['COPY_DIFFERS']);
});

test('a copy removed before it is verified is copied again', async () => {
  const brought = await broughtTo('copied', 'verify');
  rmSync(openCopy(brought));
  await resume('verify');
  await world.reached(brought.requestId, 'linked');
  await world.checkAtRest();
});

test('a byte flipped twice before verification: the file is stuck and its original stays', async () => {
  const brought = await broughtTo('copied', 'verify');
  flipByte(openCopy(brought));
  await world.register.switches.stop('stage:copy', 'a test', 'a tester');
  await resume('verify');
  await world.until('the file to be copied again', async () =>
    (await world.filesOf(brought.requestId)).some((file) => file.state === 'hashed'),
  );
  await world.register.switches.stop('stage:verify', 'a test', 'a tester');
  await resume('copy');
  await world.until('the second copy', async () =>
    (await world.filesOf(brought.requestId)).some((file) => file.state === 'copied'),
  );
  flipByte(openCopy(brought));
  await resume('verify');
  await world.stuck(brought.requestId, 'COPY_DIFFERS');
  await world.check();
  await world.asPerson((people) => people.abandon({ kind: 'Request', ids: [brought.requestId] }, 'a data manager'));
  await world.reached(brought.requestId, 'linked', 'abandoned', 'undone');
  await world.checkAtRest();
});

describe('a byte flipped after verification', () => {
  test('before the bag is sealed: that copy no longer counts', async () => {
    const brought = await broughtTo('verified', 'seal');
    flipByte(openCopy(brought));
    await resume('seal');
    await world.stuck(brought.requestId, 'COPY_CHANGED');
    await world.check();
    await world.asPerson((people) =>
      people.retry(
        { kind: 'Request', ids: [brought.requestId] },
        (nr) => `retried-${brought.requestId}-${nr}`,
        'a data manager',
      ),
    );
    await world.reached(brought.requestId, 'linked');
    await world.checkAtRest();
  });

  test('before linking, and even if flipped back: the original stays', async () => {
    const brought = await broughtTo('sealed', 'link');
    flipByte(sealedCopy(brought));
    await resume('link');
    await world.stuck(brought.requestId, 'COPY_CHANGED');
    flipByte(sealedCopy(brought));
    const [stuck] = await world.stuck(brought.requestId, 'COPY_CHANGED');
    await world.asPerson((people) =>
      people.retry({ kind: 'File', ids: [stuck!.id] }, (nr) => `unused-${nr}`, 'a data manager'),
    );
    await world.stuck(brought.requestId, 'COPY_CHANGED');
    await world.check();
    expect((await world.filesOf(brought.requestId)).filter((file) => file.state === 'linked')).toHaveLength(2);
  });
});

describe('foreign objects in the store', () => {
  test('a sealed bag of the same name: nothing is written to it', async () => {
    const brought = await broughtTo('hashed', 'copy');
    const theirs = join(world.store, brought.bag);
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'keep.me'), 'theirs');
    await resume('copy');
    await world.stuck(brought.requestId, 'BAG_SEALED');
    expect([readdirSync(theirs), readFileSync(join(theirs, 'keep.me'), 'utf8')]).toEqual([['keep.me'], 'theirs']);
    rmSync(theirs, { recursive: true });
    await world.check();
  });

  test('a link in the place of a copy: it is not written through', async () => {
    const brought = await broughtTo('hashed', 'copy');
    const victim = join(world.dir, 'victim.txt');
    writeFileSync(victim, 'precious');
    mkdirSync(dirname(openCopy(brought)), { recursive: true });
    symlinkSync(victim, openCopy(brought));
    await resume('copy');
    await world.stuck(brought.requestId, 'TARGET_EXISTS');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    await world.check();
  });

  test('a link in the place of a directory of the bag: it is not followed', async () => {
    const brought = await broughtTo('hashed', 'copy');
    const theirs = join(world.dir, 'their-directory');
    mkdirSync(theirs);
    mkdirSync(join(world.store, '.open', brought.bag), { recursive: true });
    symlinkSync(theirs, join(world.store, '.open', brought.bag, 'data'));
    await resume('copy');
    await world.stuck(brought.requestId, 'PARENT_NOT_A_DIRECTORY');
    expect(readdirSync(theirs)).toEqual([]);
    await world.check();
  });

  test('other bytes in the place of a copy in our open bag are replaced; a sealed bag has none', async () => {
    const brought = await broughtTo('hashed', 'copy');
    mkdirSync(dirname(openCopy(brought)), { recursive: true });
    writeFileSync(openCopy(brought), 'other bytes');
    writeFileSync(join(dirname(openCopy(brought)), 'stray.tif'), 'stray');
    await resume('copy');
    await world.reached(brought.requestId, 'linked');
    await world.check();
    await expectOnce(world, brought.requestId, 'hash', 'copy', 'verify', 'seal', 'link');
    expect(lstatSync(sealedCopy(brought)).mode & 0o222).toBe(0);
  });
});
