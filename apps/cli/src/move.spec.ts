import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '@coldroom/pipeline';
import type { Workbench } from '@coldroom/pipeline/testing';
import { archive, settingsOf, workbench } from './testing/archived';
import { coldroom, json, type Ended } from './testing/command-line';

let bench: Workbench;
let env: Record<string, string>;
let runs = 0;
beforeEach(async () => {
  runs += 1;
  bench = await workbench(`move${runs}`);
  env = await settingsOf(bench);
});
afterEach(() => bench.close());

const planned = (...paths: string[]): { path: string; content: string }[] =>
  paths.map((path) => ({ path, content: `content of ${path}` }));
const move = (...words: string[]): Promise<Ended> =>
  coldroom(['move', '--from', 'main', '--to', 'other', ...words], env);
const bagOf = (id: bigint): string => `request-${id}-bag-1`;

/** Treats all links of a settled bag as swapped, except for those that fail. */
const moveLink = (failing: readonly string[] = []): Stage => ({
  name: 'move-link',
  takes: 'moveSealed',
  run: async ({ files }) => ({
    switched: true,
    transitions: files.map((file) =>
      failing.includes(file.path.toString())
        ? { id: file.id, event: 'fail', from: 'moveSealed', to: 'stuck', code: 'LINK_GONE', reason: 'the link is gone' }
        : { id: file.id, event: 'moveLink', from: 'moveSealed', to: 'linked' },
    ),
  }),
});

async function asked(bags = 1): Promise<void> {
  for (let tries = 0; (await bench.register.claims.due(['moving'])).length < bags; tries += 1) {
    if (tries === 200) throw new Error('nobody asked for the move');
    await sleep(100);
  }
}

describe('coldroom move', () => {
  it('shows, asks, waits until all links lead there, and names what is left in the old store', async () => {
    const id = await archive(bench, { 'Fileset:1': planned('a', 'b') });
    const shown = await move('--dry-run');
    expect(shown).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^To move from store main to store other: 1 bag with 2 files, 24 B\nWhole bags are moved, with all files in them\. Nothing is deleted in store main \(\/.*store\)/,
      ),
    });
    expect((await move()).code).toBe(2); // there is no one to ask
    expect((await bench.file('a')).state).toBe('linked');
    const ended = move('--yes');
    await asked();
    await bench.moveCopy('moveSealed');
    await sleep(1500); // it must not end before the links are swapped
    await bench.run(moveLink());
    expect(await ended).toMatchObject({
      code: 0,
      stdout: `1 bag moved: all links lead to store other.\nNothing was deleted: these bags are still in store main (${bench.storeDir})\n  ${bagOf(id)}\n`,
    });
    expect((await ended).stderr).toContain('on the way');
    expect((await bench.file('a')).store).toBe('other');
    expect(await move()).toMatchObject({ code: 0, stdout: 'There is nothing to move in store main.\n' });
  });

  it('takes the bags that hold what is named, and lists in JSON what stays behind', async () => {
    const [one, other] = [
      await archive(bench, { 'Fileset:1': planned('a') }, 'released'),
      await archive(bench, { 'Fileset:2': planned('b') }),
    ];
    const ended = await move('Fileset:1', '--yes', '--no-wait', '--json');
    expect([ended.code, json(ended)]).toMatchObject([
      0,
      {
        asked: 1,
        waited: false,
        from: 'main',
        to: 'other',
        left: { store: 'main', where: bench.storeDir, bags: [bagOf(one)] },
      },
    ]);
    expect([(await bench.file('a')).state, (await bench.file('b')).state]).toEqual(['moving', 'linked']);
    expect(await coldroom(['undo', 'Fileset:1', '--yes'], env)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^Not undone: 1 file, 12 B; they are on their way to another store/),
    });
    expect(await move(`Request:${one}`, '--dry-run')).toMatchObject({
      code: 0,
      stdout: 'On their way to store other already: 1 bag with 1 file, 12 B\n',
    });
    expect(await move(`Request:${other + 10n}`)).toMatchObject({ code: 4 });
  });

  it('reports what cannot be moved now, and ends with 3', async () => {
    await archive(bench, { 'Fileset:1': planned('a') });
    const early = await bench.request({ 'Fileset:2': planned('b') });
    expect(await move('--dry-run')).toMatchObject({
      code: 3,
      stdout: expect.stringContaining(
        `Not moved now: 1 bag with 1 file, 12 B; a bag can go only when all its files are archived (linked or released). Their files are:\n  ${bagOf(early)}: approved\n`,
      ),
    });
    expect((await move('--yes', '--no-wait')).code).toBe(3);
  });

  it('ends with 3 where a link could not be swapped', async () => {
    await archive(bench, { 'Fileset:1': planned('a', 'b') });
    const ended = move('--yes');
    await asked();
    await bench.moveCopy('moveSealed');
    await bench.run(moveLink(['a']));
    expect(await ended).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^1 bag moved.*\nStuck: 1 file, LINK_GONE; next: the link is gone/),
    });
  });

  it('does not wait for a person: a bag with a stuck file, or what is stopped', async () => {
    await archive(bench, { 'Fileset:1': planned('a', 'b') });
    const held = move('--yes');
    await asked();
    const claim = await bench.claim('moving');
    await bench.register.applyTransitions(
      claim,
      [{ id: claim.files[0]!.id, event: 'fail', from: 'moving', to: 'stuck', code: 'COPY_MISSING', reason: 'gone' }],
      { stage: 'move-copy', errorLimit: 1000 },
    );
    expect(await held).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(
        /^Blocked by stuck files: 1 bag; their links lead to store main, as before\nStuck: 1 file, COPY_MISSING/,
      ),
    });

    await archive(bench, { 'Fileset:2': planned('c') });
    await bench.register.switches.stop('stage:move-link', 'a test', 'test');
    expect(await move('Fileset:2', '--yes')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('stage:move-link is stopped (a test)'),
    });
  }, 60_000);

  it('cancels what is in progress', async () => {
    await archive(bench, { 'Fileset:1': planned('a') });
    await move('--yes', '--no-wait');
    expect(await move('--cancel', '--dry-run')).toMatchObject({ code: 0, stdout: 'Would stay in store main: 1 bag\n' });
    expect((await bench.file('a')).state).toBe('moving');
    expect(await move('--cancel', '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Stays in store main: 1 bag.'),
    });
    expect(await bench.file('a')).toMatchObject({ state: 'linked', store: 'main' });
    expect(await move('--cancel', '--yes')).toMatchObject({
      code: 0,
      stdout: 'Nothing is on its way from store main to store other.\n',
    });
  });

  it('resumes a cancelled move whose files had all arrived', async () => {
    await archive(bench, { 'Fileset:1': planned('a') });
    await move('--yes', '--no-wait');
    await bench.moveCopy('moveSealed');
    expect(await move('--cancel', '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the same move without --cancel'),
    });
    const claim = await bench.claim('moveSealed');
    await bench.register.applyTransitions(
      claim,
      [
        {
          id: claim.files[0]!.id,
          event: 'fail',
          from: 'moveSealed',
          to: 'stuck',
          code: 'STORE_UNAVAILABLE',
          reason: 'lost',
        },
      ],
      { stage: 'move-link', errorLimit: 1000 },
    );
    expect(await move('--yes', '--no-wait')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 bag on the way to store other'),
    });
    await bench.run(moveLink());
    expect(await bench.file('a')).toMatchObject({ state: 'linked', store: 'other' });
  });

  it('refuses stores that do not exist, are the same, or are inside each other', async () => {
    const between = (from: string, to: string): Promise<Ended> => coldroom(['move', '--from', from, '--to', to], env);
    expect(await between('main', 'tape')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no store "tape"'),
    });
    expect(await between('constructor', 'main')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no store "constructor"'),
    });
    expect((await between('main', 'main')).code).toBe(2);
    expect((await coldroom(['move', '--from', 'main'], env)).code).toBe(2);
    expect(await between('main', 'both')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('keeps its copies in main'),
    });
    expect((await between('both', 'other')).code).toBe(0);
    expect(json(await coldroom(['move', '--from', 'both', '--to', 'other', '--dry-run', '--json'], env))).toMatchObject(
      { left: { store: 'both', where: 'main', inUse: ['other'] } },
    );
  });
});

it('audit recognises what was moved', async () => {
  await archive(bench, { 'Fileset:1': planned('a', 'b') });
  await move('--yes', '--no-wait');
  await bench.moveCopy('moveVerified');
  const files = await bench.register.audit.files(0n);
  expect(files.rows.map((file) => [file.stand, file.store])).toEqual([
    ['moveVerified', 'main'],
    ['moveVerified', 'main'],
  ]);
  await bench.moveCopy('moveSealed');
  expect((await bench.register.audit.files(0n)).rows).toEqual([]); // its links may lead to either store
  await bench.run(moveLink());
  const [bag] = [...(await bench.register.audit.bagsNamed([(await bench.file('a')).bag!])).values()];
  expect([bag!.store, bag!.alsoIn]).toEqual(['other', ['main', 'other']]);
});
