import { Refused, Transient, type Store } from '@coldroom/domain';
import { Workbench } from '@coldroom/pipeline/testing';
import { Log } from '@coldroom/runtime';
import type { StoreDescription, Stores, StoreSpace } from '@coldroom/stores';
import { StoreWatch } from './store-watch';

let bench: Workbench;
let watch: StoreWatch;
let fault: Error | undefined;
let freePercent: bigint;
let answers: Promise<void>;
let checks: number;

const described = (name: string, isDefault = false): StoreDescription => ({
  name,
  kind: 'file',
  isDefault,
  groups: [],
  place: `/${name}`,
  price: null,
});
beforeAll(async () => {
  bench = await Workbench.create('store_watch');
});
afterAll(() => bench.close());
beforeEach(() => {
  [fault, freePercent, answers, checks] = [undefined, 50n, Promise.resolve(), 0];
  const main = {
    name: 'main',
    check: async () => {
      checks++;
      await answers;
      if (fault) throw fault;
    },
  } as unknown as Store;
  const second = {
    name: 'second',
    namesNotKept: ['a dot at the end'],
    check: async () => undefined,
  } as unknown as Store;
  const stores = { get: (name: string) => (name === 'main' ? main : second) } as unknown as Stores;
  watch = new StoreWatch(bench.register, stores, new Log('test', 'error'), {
    freePercent: 10,
    limitMs: 100,
    described: [described('main', true), described('second')],
    spaceOf: async (name): Promise<readonly StoreSpace[]> =>
      name === 'second'
        ? []
        : [
            { directory: '/roomy', freeBytes: 90n, totalBytes: 100n },
            { directory: '/archive', freeBytes: freePercent, totalBytes: 100n },
          ],
  });
});
afterEach(async () => bench.register.troubles.over(await names(), 'test'));

const look = (): Promise<void> => watch['look']();
const names = async (): Promise<readonly string[]> => (await bench.register.troubles.list()).map(({ name }) => name);

test('a store that fails twice in a row is recorded with its code, until it is available again', async () => {
  fault = new Transient('STORE_UNAVAILABLE', 'the marker file is missing');
  await look();
  expect(await names()).toEqual([]);
  fault = undefined;
  await look();
  fault = new Refused('STORE_READ_ONLY', 'mounted read-only');
  await look();
  expect(await names()).toEqual([]);
  await look();
  expect(await bench.register.troubles.list()).toMatchObject([
    {
      name: 'store unavailable:main',
      code: 'STORE_READ_ONLY',
      detail: { store: 'main', reason: 'mounted read-only' },
    },
  ]);
  fault = undefined;
  await look();
  expect(await names()).toEqual([]);
});

test('a store with little free space is recorded with its fullest directory, until there is clearly more', async () => {
  freePercent = 10n;
  await look();
  expect(await names()).toEqual([]);
  freePercent = 9n;
  await look();
  freePercent = 11n;
  await look();
  expect(await bench.register.troubles.list()).toMatchObject([
    { name: 'store filling up:main', detail: { directory: '/archive', free: '9', total: '100' } },
  ]);
  freePercent = 12n;
  await look();
  expect(await names()).toEqual([]);
});

test('each look is recorded, with the fullest directory or what is wrong', async () => {
  await look();
  expect(await bench.register.storeHealth.list()).toMatchObject([
    { name: 'main', place: '/main', fault: null, directory: '/archive', freeBytes: 50n, totalBytes: 100n },
    { name: 'second', fault: null, directory: null, freeBytes: null },
  ]);
  expect(await bench.register.storeHealth.namesNotKept()).toEqual(
    new Map([
      ['main', []],
      ['second', ['a dot at the end']],
    ]),
  );
  fault = new Refused('STORE_READ_ONLY', 'mounted read-only');
  await look();
  expect(await bench.register.storeHealth.list()).toMatchObject([
    { name: 'main', fault: { code: 'STORE_READ_ONLY', reason: 'mounted read-only' }, freeBytes: null },
    { name: 'second', fault: null },
  ]);
});

test('a store that does not answer is recorded, does not delay others, and is not asked again', async () => {
  let answer = (): void => undefined;
  answers = new Promise((resolve) => (answer = resolve));
  await look();
  await look();
  expect(checks).toBe(1);
  expect(await bench.register.storeHealth.list()).toMatchObject([
    { name: 'main', fault: { code: 'STORE_UNAVAILABLE', reason: 'the store does not answer within 1 s' } },
    { name: 'second', fault: null },
  ]);
  expect(await names()).toEqual(['store unavailable:main']);
  answer();
  await look();
  expect((await bench.register.storeHealth.list())[0]?.fault).toBeNull();
  expect(await names()).toEqual([]);
});

test('troubles of a store that is no longer configured end; others stay', async () => {
  await bench.register.troubles.found(
    [
      { name: 'store unavailable:gone', detail: {} },
      { name: 'store filling up:gone', detail: {} },
      { name: 'audit finding:LOST', detail: {} },
    ],
    'test',
  );
  await look();
  expect(await names()).toEqual(['audit finding:LOST']);
});

test('a running service looks by itself, at the real stores', async () => {
  const real = new StoreWatch(bench.register, bench.stores, new Log('test', 'error'), {
    freePercent: 99,
    described: bench.stores.all.map(({ name }) => described(name)),
    spaceOf: async (): Promise<readonly StoreSpace[]> => [{ directory: '/full', freeBytes: 0n, totalBytes: 1n }],
    everyMs: 20,
  });
  real.onApplicationBootstrap();
  const deadline = Date.now() + 10_000;
  while ((await names()).length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  await real.beforeApplicationShutdown();
  expect(await names()).toEqual(bench.stores.all.map(({ name }) => `store filling up:${name}`));
});
