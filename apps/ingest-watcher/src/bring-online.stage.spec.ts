import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transient, type Store } from '@coldroom/domain';
import { Workbench } from '@coldroom/pipeline/testing';
import { BringOnlineStage } from './bring-online.stage';

describe('the bring-online stage', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await Workbench.create('online');
  });
  afterAll(() => bench.close());

  /** Files whose retrieval was requested. Returns the directory of their copies. */
  async function asked(fileset: string, names: readonly string[]): Promise<string> {
    const id = await bench.request({ [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: name })) });
    await bench.bring('sealed');
    await bench.sayLinked();
    await bench.ask(id);
    return join(bench.storeDir, `request-${id}-bag-1`, 'data/ManagedRepository', fileset);
  }

  const stageWith = (change: Partial<Store> = {}): BringOnlineStage =>
    new BringOnlineStage({
      ...bench.stores,
      get: () => Object.assign(Object.create(bench.stores.default) as Store, change),
    });
  const stateOf = async (path: string): Promise<string> => (await bench.file(path)).state;

  test('copies that are online continue; one that is missing is for a person to check', async () => {
    const copies = await asked('some', ['a', 'b']);
    await rm(join(copies, 'b'));
    await bench.run(stageWith());
    expect(await stateOf('some/a')).toBe('online');
    expect(await bench.file('some/b')).toMatchObject({ state: 'stuck', stuckFrom: 'retrieving', code: 'COPY_MISSING' });
  });

  test('waits for offline copies, in the words of the store, and lets the others continue', async () => {
    await asked('slow', ['a', 'b']);
    const bringOnline: Store['bringOnline'] = async (_bag, paths) =>
      paths.map((path) => ({
        ok: path.toString().endsWith('/a') ? { online: true, state: 'here' } : { online: false, state: 'in progress' },
      }));
    const { transitions, wait } = await bench.run(stageWith({ bringOnline }));
    expect(transitions.map((move) => move.to)).toEqual(['online']);
    expect(wait).toMatchObject({
      code: 'NOT_ONLINE_YET',
      message: 'store main is bringing 1 copies online (in progress)',
      details: { delayMs: 60_000 },
    });
    expect(wait?.details.noDeadline).toBeUndefined();
    expect([await stateOf('slow/a'), await stateOf('slow/b')]).toEqual(['online', 'retrieving']);
    expect(await bench.run(stageWith({ bringOnline }))).toMatchObject({
      transitions: [],
      wait: { code: 'NOT_ONLINE_YET' },
    });
    await bench.run(stageWith());
    expect(await stateOf('slow/b')).toBe('online');
  });

  test('a failure that may pass advances nothing and is no verdict', async () => {
    await asked('trouble', ['a']);
    const error = new Transient('STORE_UNAVAILABLE', 'away');
    await expect(bench.run(stageWith({ bringOnline: async () => [{ error }] }))).rejects.toBe(error);
    await expect(bench.run(stageWith({ bringOnline: async () => [] }))).rejects.toThrow(/gave no answer/);
    expect(await stateOf('trouble/a')).toBe('retrieving');
    await bench.run(stageWith());
    expect(await stateOf('trouble/a')).toBe('online');
  });
});
