import { RecordedCalls } from '../testing/recorded-calls';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onCrashPoint } from '@coldroom/domain';
import { Workbench } from '@coldroom/pipeline/testing';
import { LinkStage } from './link.stage';
import { HoldTime } from '../paths/places';
import { openBelow } from '../testing/one-file';

const { linkSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } = fs; // the unrecorded versions
const holds = 'omero/.coldroom/hold';
const tree = 'omero/ManagedRepository';

interface Names {
  readonly held: string;
  readonly beside: string;
}

describe('the link stage, call by call', () => {
  let bench: Workbench;
  let top: string;
  let calls: RecordedCalls;
  const at = (path: string): string => join(top, path);

  beforeEach(async () => {
    bench = await Workbench.create('link_order');
    top = dirname(bench.dataDir);
    calls = await RecordedCalls.start(top);
  });
  afterEach(async () => {
    onCrashPoint(undefined);
    calls.end();
    await bench.close();
  });

  const stage = (stores = bench.stores): LinkStage =>
    new LinkStage(stores, bench.originals, bench.register, bench.holds, new HoldTime(0), bench.files);

  /**
   * A fileset of files `set/…` whose copies are durable. Returns, for each file, the names of its second name and its
   * link.
   */
  async function durable(...names: readonly string[]): Promise<[Names, ...Names[]]> {
    const id = await bench.request({ set: names.map((name) => ({ path: `set/${name}`, content: name })) });
    await bench.bring('sealed');
    const files = await Promise.all(names.map((name) => bench.file(`set/${name}`)));
    calls.made.length = 0;
    return files.map((file) => ({
      held: `${holds}/request-${id}-bag-1/${file.id}`,
      beside: `${tree}/set/.coldroom-${file.id}`,
    })) as [Names, ...Names[]];
  }

  /** The state that a crash immediately after the hold leaves. */
  function leaveHeld(name: string, { held }: Names): void {
    mkdirSync(dirname(at(held)), { recursive: true });
    linkSync(at(`${tree}/set/${name}`), at(held));
  }

  /** The state that a crash immediately after the exchange leaves. */
  function leaveExchanged(name: string, names: Names): void {
    leaveHeld(name, names);
    renameSync(at(`${tree}/set/${name}`), at(names.beside));
    const bag = basename(dirname(names.held));
    symlinkSync(`${bench.storeDir}/${bag}/data/ManagedRepository/set/${name}`, at(`${tree}/set/${name}`));
  }

  const isLink = (name: string): boolean => fs.lstatSync(at(`${tree}/set/${name}`)).isSymbolicLink();

  test('syncs the holds before the first exchange, and the directories before it ends', async () => {
    const [{ held, beside }] = await durable('a');
    onCrashPoint((name) => name.startsWith('link:') && calls.note(name));
    await bench.run(stage(), { check: () => calls.note('claim') });
    expect(calls.made).toEqual([
      'claim',
      `sync ${holds}`, // the bag's directory was created in it
      'claim',
      `link ${tree}/set/a ${held}`,
      'link:1-held',
      `sync ${dirname(held)}`,
      'link:2-hold-synced',
      'claim',
      `symlink ${beside}`,
      'link:3-link-made',
      'claim',
      `exchange ${beside} ${tree}/set/a`,
      'link:4-swapped',
      `unlink ${beside}`,
      `sync ${tree}`,
      `sync ${tree}/set`,
      'link:5-synced',
    ]);
    expect(openBelow(top).filter((path) => !path.startsWith(at('store')))).toEqual([]);
  });

  test('where a sync of the holds fails, no original is replaced', async () => {
    const [{ held }] = await durable('a');
    calls.before(`sync ${dirname(held)}`, () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    await expect(bench.run(stage())).rejects.toThrow('EIO');
    expect(isLink('a')).toBe(false);
  });

  test('where a sync of the directories fails, no file is reported as linked', async () => {
    await durable('a');
    calls.before(`sync ${tree}/set`, () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    await expect(bench.run(stage())).rejects.toThrow('EIO');
    expect(await bench.file('set/a')).toMatchObject({ state: 'sealed' });
  });

  test('nothing is checked while linking is stopped', async () => {
    await durable('a');
    writeFileSync(at(`${tree}/set/a`), 'changed');
    await bench.register.switches.stop('all', 'maintenance', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250)); // the switches are read again
    await expect(bench.run(stage())).rejects.toMatchObject({ code: 'STOPPED' });
    expect(await bench.file('set/a')).toMatchObject({ state: 'sealed' });
  });

  test('the store is not queried for an incomplete fileset', async () => {
    await bench.request({ set: ['a', 'b'].map((name) => ({ path: `set/${name}`, content: name })) });
    await bench.bring('verified');
    const claim = await bench.claim('verified');
    const { id } = await bench.file('set/b');
    const stuck = {
      id,
      event: 'fail',
      from: 'verified',
      to: 'stuck',
      code: 'TROUBLE',
      reason: 'for the test',
    } as const;
    await bench.register.applyTransitions(claim, [stuck], { stage: 'test', errorLimit: 1000 });
    await bench.bring('sealed');
    const away = Object.create(bench.stores.default, {
      stat: { value: () => Promise.reject(new Error('the store was asked')) },
    });
    expect((await bench.run(stage({ ...bench.stores, get: () => away }))).wait?.code).toBe('FILESET_INCOMPLETE');
  });

  describe('after a crash', () => {
    test('after the exchange, the name beside is removed and the file is linked', async () => {
      const [a] = await durable('a');
      leaveExchanged('a', a);
      await bench.run(stage());
      expect(calls.made.filter((call) => !call.startsWith('sync'))).toEqual([`unlink ${a.beside}`]);
      expect(await bench.file('set/a')).toMatchObject({ state: 'linked' });
    });

    test('after the hold, an original that disappears before it is rehashed gives its own error', async () => {
      const [a] = await durable('a');
      leaveHeld('a', a);
      calls.after(`identify ${a.held}`, () => unlinkSync(at(`${tree}/set/a`)));
      await bench.run(stage());
      expect(await bench.file('set/a')).toMatchObject({ state: 'stuck', code: 'SOURCE_MISSING' });
    });

    // Each check blocks the whole fileset or, once its first file may be linked, only that file.
    test.each([
      ['the hold', 'HELD_CHANGED', 1, 'changes', leaveHeld, undefined],
      ['the exchange', 'HOLD_MISSING', 1, 'goes', leaveExchanged, undefined],
      ['the exchange', 'HOLD_MISSING', 2, 'goes', leaveExchanged, 'linked'],
    ])('after %s, %s: what is held and after check %i %s', async (_where, code, inspect, what, leave, other) => {
      const [a] = await durable('a', 'b');
      leave('a', a);
      for (let nr = 1; nr < inspect; nr++) calls.after(`identify ${a.held}`, () => undefined);
      calls.after(`identify ${a.held}`, () => {
        unlinkSync(at(a.held));
        if (what === 'changes') writeFileSync(at(a.held), 'theirs');
      });
      await bench.run(stage());
      expect(await bench.file('set/a')).toMatchObject({ state: 'stuck', code });
      expect(await bench.file('set/b')).toMatchObject({ state: other ?? 'sealed' });
    });
  });
});
