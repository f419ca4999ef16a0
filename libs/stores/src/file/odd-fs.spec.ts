import { proveBySums } from '@coldroom/bagit/testing';
import { Files, writeMarker } from '@coldroom/files';
import { describeOddFs, noExchange, OddFs, type Oddities } from '@coldroom/odd-fs';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../open-store';
import { parseStores } from '../settings';
import { describeStore, type StoreUnderTest } from '../testing/conformance';

/* The guarantees of a file store, where its file system lacks what ext4 has. */

type Line = readonly [name: string, oddities: Oddities, limits?: Pick<StoreUnderTest, 'timeUnitMs' | 'cannotHold'>];

const inSeconds = { timeUnitMs: 2_000 };
const onlyUtf8 = { cannotHold: (name: Buffer) => !Buffer.from(name.toString()).equals(name) };

/** What network storage lacks at the same time. */
const together: readonly Line[] = [
  [
    'like NFS (no exchange, old attributes, hidden names, full only at a sync)',
    { faults: noExchange, cacheSeconds: 1, hideRemoved: true, shortReads: true },
  ],
  [
    'like SMB (no exchange, no hard links, no direct reads, names of UTF-8 in any case)',
    {
      faults: [
        ...noExchange,
        { call: 'link', error: 'EOPNOTSUPP' },
        { call: 'direct', error: 'EINVAL' },
        { call: 'listxattr', error: 'EOPNOTSUPP' },
      ],
      timeUnitNs: 100,
      fold: 'case',
      onlyUtf8: true,
    },
    onlyUtf8,
  ],
];

const single: readonly Line[] = [
  ['without oddities', {}],
  ['without exchange of names', { faults: noExchange }],
  ['without hard links', { faults: [{ call: 'link', error: 'EPERM' }] }],
  ['that cannot be read directly', { faults: [{ call: 'direct', error: 'EINVAL' }] }],
  ['without extended attributes', { faults: [{ call: 'listxattr', error: 'EOPNOTSUPP' }] }],
  ['whose attributes the system keeps for a second', { cacheSeconds: 1 }],
  ['that keeps attributes for a second itself', { oldAttributesMs: 1_000 }],
  ['that hides what is removed while it is open', { hideRemoved: true }],
  ['whose reads are short', { shortReads: true }],
  ['with times in 100 ns', { timeUnitNs: 100 }],
  ['with times in 2 s', { timeUnitNs: 2_000_000_000 }, inSeconds],
  ['with names of 143 bytes', { longestName: 143 }, { cannotHold: (name) => name.length > 143 }],
  ['with names of UTF-8 only', { onlyUtf8: true }, onlyUtf8],
  ['that ignores letter case', { fold: 'case' }],
  ['that takes Unicode forms for one', { fold: 'forms' }],
];

let files: Files;
beforeAll(() => {
  files = new Files({ threads: 2 });
});
afterAll(() => files.close());

async function makeStore([, oddities, limits = {}]: Line): Promise<StoreUnderTest> {
  const top = mkdtempSync(join(tmpdir(), 'coldroom-odd-store-'));
  const [sourceDir, directory] = [join(top, 'ManagedRepository'), join(top, 'store')];
  mkdirSync(sourceDir);
  const fs = OddFs.mount(directory);
  await writeMarker(sourceDir, 'ManagedRepository');
  await writeMarker(directory, 'main');
  fs.set(oddities);
  const settings = parseStores({ default: 'main', stores: { main: { kind: 'file', directory } } }).stores['main']!;
  const { faults = [] } = oddities;
  return {
    ...limits,
    store: openStore('main', settings, { files, omeroRoots: [sourceDir] }),
    sourceDir,
    becomeUnavailable: async () => fs.unmount(),
    // NFS reports a full disk or quota only when a file is synced or closed.
    fill: async () =>
      fs.set({ ...oddities, faults: [...faults, { call: 'fsync', error: 'EDQUOT', nth: 2, times: 1 }] }),
    makeReadOnly: async () => fs.set({ ...oddities, readOnly: true }),
    proveBag: (bag) => proveBySums(join(directory, bag)),
    cleanup: async () => {
      fs.remove();
      rmSync(top, { recursive: true });
    },
  };
}

describeOddFs('a file store on odd-fs', () => {
  for (const line of process.env['TEST_STORAGE'] === 'all' ? [...together, ...single] : together)
    describeStore(`file, on one ${line[0]}`, () => makeStore(line));
});
