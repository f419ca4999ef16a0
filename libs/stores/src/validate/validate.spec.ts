import type { Outcome, Store } from '@coldroom/domain';
import { Files, writeMarker } from '@coldroom/files';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStore } from '../file/file-store';
import { work } from '../testing/conformance';
import { validateStore, type PromiseFinding } from './validate';

let directory: string;
let files: Files;
let store: Store;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coldroom-validate-'));
  for (const name of ['store', 'work']) mkdirSync(join(directory, name));
  await writeMarker(join(directory, 'store'), 'main');
  files = new Files({ threads: 1 });
  store = new FileStore(
    'main',
    {
      kind: 'file',
      directory: join(directory, 'store'),
      sameFileSystem: true,
      verify: 'cached',
      protect: 'permissions',
    },
    { files, omeroRoots: [] },
  );
});
afterEach(async () => {
  await files.close();
  rmSync(directory, { recursive: true, force: true });
});

async function findings(of: Store, bag = 'validate-1'): Promise<readonly PromiseFinding[]> {
  const all: PromiseFinding[] = [];
  for await (const finding of validateStore(of, bag, join(directory, 'work'), work())) all.push(finding);
  return all;
}

/** The store with some methods replaced. */
function but(verbs: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const value = (verbs as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
const brokenOf = async (of: Store): Promise<readonly string[]> =>
  (await findings(of)).filter(({ outcome }) => outcome === 'broken').map(({ promise }) => promise);

it('finds no fault in a correct store, and leaves one sealed bag', async () => {
  const all = await findings(store);
  expect(all.filter(({ outcome }) => outcome !== 'kept')).toEqual([]);
  expect(all.length).toBeGreaterThan(12);
  const bags = [];
  for await (const bag of store.bags()) bags.push(bag);
  expect(bags).toEqual(['validate-1']);
});

const flip = <T>(outcomes: readonly Outcome<T>[], change: (ok: T) => T): readonly Outcome<T>[] =>
  outcomes.map((outcome) => ('ok' in outcome ? { ok: change(outcome.ok) } : outcome));

it.each<[string, string, () => Partial<Store>]>([
  [
    'cannot be written',
    'it can be written',
    () => ({ check: () => Promise.reject(Object.assign(new Error('read-only'), { code: 'STORE_READ_ONLY' })) }),
  ],
  [
    'gives back other bytes',
    'gives back at once what was put, byte for byte',
    () => ({
      digest: async (...args) =>
        flip(await store.digest(...args), (ok) => ({ ...ok, digests: { 'SHA-256': '0'.repeat(64) } })),
    }),
  ],
  [
    'writes under a lost claim',
    'changes nothing once the claim has run out',
    () => ({ put: (bag, sources) => store.put(bag, sources, work()) }),
  ],
  [
    'keeps the version of another content',
    'replaces an unproven copy, and gives the new one another version',
    () => ({
      stat: async (...args) => (await store.stat(...args)).map((status) => status && { ...status, version: 'v' }),
    }),
  ],
  [
    'copies what changed',
    'refuses a source that changed, and keeps no part of it',
    () => ({
      put: async (...args) =>
        (await store.put(...args)).map((outcome) =>
          'error' in outcome && outcome.error.code === 'SOURCE_CHANGED' ? { ok: { size: 1n } } : outcome,
        ),
    }),
  ],
  [
    'seals under a lost claim',
    'does not seal once the claim has run out, nor a bag that lacks a copy',
    () => ({ seal: (bag, paths, tags) => store.seal(bag, paths, tags, work()) }),
  ],
  [
    'takes more into a sealed bag',
    'never changes a sealed bag',
    () => ({
      put: async (...args) =>
        store.put(...args).catch((error: { code: string }) => {
          if (error.code !== 'BAG_SEALED') throw error;
          return [];
        }),
    }),
  ],
  ['does not list all', 'lists what it holds', () => ({ list: async (bag) => (await store.list(bag)).slice(1) })],
  [
    'loses its bag',
    'lists what it holds',
    () => ({
      bags: async function* none() {
        /* none */
      },
    }),
  ],
  [
    'changes tag files',
    'gives tag files back as they were sealed',
    () => ({
      readTag: async (...args) => Buffer.concat([(await store.readTag(...args)) ?? Buffer.alloc(0), Buffer.from('x')]),
    }),
  ],
  ['links elsewhere', 'links lead to the copies', () => ({ linkTarget: () => Buffer.from('/nowhere') })],
  [
    'gives out what has another size',
    'copies can be fetched, and only as what they are',
    () => ({ fetch: async (_bag, orders) => orders.map(({ size }) => ({ ok: { size } })) }),
  ],
])('finds a store that %s', async (_what, promise, verbs) => {
  expect(await brokenOf(but(verbs()))).toContain(promise);
});

it('does not call a guarantee broken that only takes time', async () => {
  const slow = but({
    stat: async (...args) =>
      (await store.stat(...args)).map((status) => status && { ...status, durable: 'no', replicationState: 'amber' }),
    bringOnline: async (_bag, paths) => paths.map(() => ({ ok: { online: false, state: 'archived' } })),
  });
  expect((await findings(slow)).filter(({ outcome }) => outcome !== 'kept')).toEqual([
    {
      promise: 'calls its copies durable and protected',
      outcome: 'not tried',
      reason: expect.stringContaining('amber'),
    },
    {
      promise: 'copies can be fetched, and only as what they are',
      outcome: 'not tried',
      reason: expect.stringContaining('archived'),
    },
  ]);
});
