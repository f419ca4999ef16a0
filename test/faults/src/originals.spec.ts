import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { twoFilesets } from './crash-points';
import { flipByte, replaceByAnother } from './tampering';
import { digestOf } from './tree';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create({ env: { COLDROOM_ERROR_LIMIT: '1000' } });
  world.services.startAll();
});
afterAll(() => world.close());

/** A request that has reached `state`, because `stage` is stopped, and the path of its first original. */
async function broughtTo(
  state: string,
  stage: string,
): Promise<{ readonly requestId: bigint; readonly original: string }> {
  const stop = (): Promise<void> => world.register.switches.stop(`stage:${stage}`, 'a test', 'a tester');
  if (state !== 'linked') await stop(); // while a file is stuck nothing is linked
  const { filesets } = await world.lay(twoFilesets);
  const requestId = await world.approve();
  await world.reached(requestId, state);
  if (state === 'linked') await stop();
  return { requestId, original: filesets[0]!.paths[0]! };
}

/** One file is stuck, and with it its fileset; the other fileset is archived. Then a person abandons the first. */
async function expectOnlyItsFilesetIsLeft(requestId: bigint, stage: string, code: string): Promise<void> {
  await world.register.switches.resume(`stage:${stage}`, 'a tester');
  await expect(world.stuck(requestId, code)).resolves.toHaveLength(1);
  await world.until(
    'the other fileset to be linked',
    async () => (await world.filesOf(requestId)).filter((file) => file.state === 'linked').length === 2,
  );
  await world.check();
  await world.asPerson((people) => people.abandon({ kind: 'Request', ids: [requestId] }, 'a data manager'));
  await world.reached(requestId, 'linked', 'abandoned', 'undone');
  await world.checkAtRest();
}

describe('an original rewritten with its old size and mtime', () => {
  test.each([
    ['copy', 'hashed', 'SOURCE_CHANGED'],
    ['link', 'sealed', 'ORIGINAL_CHANGED'],
  ])('before %s is kept as it is', async (stage, state, code) => {
    const { requestId, original } = await broughtTo(state, stage);
    flipByte(original);
    world.refreeze(original);
    await expectOnlyItsFilesetIsLeft(requestId, stage, code);
  });
});

describe('an original replaced by another file', () => {
  test.each([
    ['copy', 'hashed', 'SOURCE_CHANGED'],
    ['link', 'sealed', 'ORIGINAL_CHANGED'],
  ])('before %s: the other file stays', async (stage, state, code) => {
    const { requestId, original } = await broughtTo(state, stage);
    replaceByAnother(original);
    world.refreeze(original);
    await expectOnlyItsFilesetIsLeft(requestId, stage, code);
  });
});

describe('an original that is missing', () => {
  test.each([
    ['copy', 'hashed', 'SOURCE_MISSING'],
    ['link', 'sealed', 'ORIGINAL_GONE'],
  ])('before %s: nothing is put in its place', async (stage, state, code) => {
    const { requestId, original } = await broughtTo(state, stage);
    rmSync(original);
    world.forget(original);
    await expectOnlyItsFilesetIsLeft(requestId, stage, code);
    expect(existsSync(original)).toBe(false);
  });
});

test("a link that others put in the original's place is not followed and stays", async () => {
  const { requestId, original } = await broughtTo('sealed', 'link');
  const elsewhere = join(world.dir, 'elsewhere.tif');
  renameSync(original, elsewhere);
  symlinkSync(elsewhere, original);
  world.forget(original);
  const before = digestOf(elsewhere);
  await expectOnlyItsFilesetIsLeft(requestId, 'link', 'ORIGINAL_GONE');
  expect([readlinkSync(original), digestOf(elsewhere)]).toEqual([elsewhere, before]);
});

test('what others put where our link belongs stays, and so does the original', async () => {
  const { requestId, original } = await broughtTo('sealed', 'link');
  const file = (await world.filesOf(requestId)).find((one) => original.endsWith(one.path))!;
  const beside = join(dirname(original), `.coldroom-${file.id}`);
  writeFileSync(beside, 'not ours');
  await world.register.switches.resume('stage:link', 'a tester');
  await world.stuck(requestId, 'TARGET_EXISTS');
  await world.check();
  expect(readFileSync(beside, 'utf8')).toBe('not ours');
  rmSync(beside);
  await world.asPerson((people) =>
    people.retry({ kind: 'File', ids: [file.id] }, (nr) => `retry-${nr}`, 'a data manager'),
  );
  await world.reached(requestId, 'linked');
  await world.checkAtRest();
});

describe("a directory swapped for a link into another user's", () => {
  /** Moves the original's directory and makes its path lead to a directory with a file of the same name. */
  function swapDirectory(original: string): { readonly theirs: string; readonly undo: () => void } {
    const directory = dirname(original);
    const theirs = join(world.dir, `theirs-${Date.now()}`);
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'a.tif'), readFileSync(original));
    renameSync(directory, `${directory}.away`);
    symlinkSync(theirs, directory);
    return {
      theirs,
      undo: () => {
        rmSync(directory);
        renameSync(`${directory}.away`, directory);
      },
    };
  }

  test.each([
    ['copy', 'hashed'],
    ['link', 'sealed'],
    ['undo', 'undoing'],
  ])('before %s: nothing is done there, and afterwards all work continues', async (stage, state) => {
    const { requestId, original } = await broughtTo(stage === 'undo' ? 'linked' : state, stage);
    if (stage === 'undo')
      await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    const { theirs, undo } = swapDirectory(original);
    await world.register.switches.resume(`stage:${stage}`, 'a tester');
    await world.stuck(requestId, 'PARENT_NOT_A_DIRECTORY');
    expect(readdirSync(theirs)).toEqual(['a.tif']);
    expect(lstatSync(join(theirs, 'a.tif')).isFile()).toBe(true);
    undo();
    await world.check();
    await world.asPerson((people) =>
      people.retry({ kind: 'Request', ids: [requestId] }, (nr) => `retried-${requestId}-${nr}`, 'a data manager'),
    );
    await world.reached(requestId, stage === 'undo' ? 'undone' : 'linked');
    await world.check();
  });
});

describe('an archived original is not restored', () => {
  test("over a file that others put in the link's place", async () => {
    const { requestId, original } = await broughtTo('linked', 'undo');
    const file = (await world.filesOf(requestId)).find((one) => original.endsWith(one.path))!;
    renameSync(original, `${original}.ours`);
    writeFileSync(original, 'a new file');
    await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await world.register.switches.resume('stage:undo', 'a tester');
    await world.stuck(requestId, 'PATH_TAKEN');
    expect(readFileSync(original, 'utf8')).toBe('a new file');
    expect(lstatSync(join(world.hold, file.bag!, String(file.id))).isFile()).toBe(true);
    renameSync(`${original}.ours`, original);
    await world.asPerson((people) =>
      people.retry({ kind: 'Request', ids: [requestId] }, (nr) => `again-${nr}`, 'a tester'),
    );
    await world.reached(requestId, 'undone');
    await world.checkAtRest();
  });

  test('where OMERO has removed the link: it stays held', async () => {
    const { requestId, original } = await broughtTo('linked', 'undo');
    const file = (await world.filesOf(requestId)).find((one) => original.endsWith(one.path))!;
    rmSync(original);
    await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await world.register.switches.resume('stage:undo', 'a tester');
    await world.stuck(requestId, 'LINK_GONE');
    expect(existsSync(original)).toBe(false);
    expect(lstatSync(join(world.hold, file.bag!, String(file.id))).isFile()).toBe(true);
    world.forget(original);
    await world.check();
  });
});
