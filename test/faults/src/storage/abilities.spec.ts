import { describeOddFs, noExchange, type Oddities } from '@coldroom/odd-fs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OddWorld, shortOr, type Place } from './odd-world';
import { refusal, thereAndBack } from './walk';

/* What file systems lack for as long as they are mounted. Services find it out when they start. */

interface Line {
  readonly on: Place;
  readonly what: string;
  readonly oddities: Oddities;
  /** The code with which a service does not start. Where it is missing, all is archived and restored. */
  readonly refused?: string;
  /** Settings of the store. */
  readonly settings?: object;
  readonly short?: true;
}

const anywhere = (on: Place): readonly Line[] => [
  { on, what: 'no exchange of names', oddities: { faults: noExchange } },
  { on, what: 'times in 100 ns', oddities: { timeUnitNs: 100 } },
  { on, what: 'times in 1 us', oddities: { timeUnitNs: 1_000 } },
  { on, what: 'times in 1 s', oddities: { timeUnitNs: 1_000_000_000 } },
  { on, what: 'times in 2 s', oddities: { timeUnitNs: 2_000_000_000 } },
  { on, what: 'attributes kept for 60 s by the system', oddities: { cacheSeconds: 60 } },
  { on, what: 'names up to 143 bytes', oddities: { longestName: 143 } },
  { on, what: 'names in any letter case', oddities: { fold: 'case' } },
  { on, what: 'names in any Unicode form', oddities: { fold: 'forms' } },
  { on, what: 'names of UTF-8 only', oddities: { onlyUtf8: true } },
  { on, what: 'hidden names for what is removed while it is open', oddities: { hideRemoved: true } },
  { on, what: 'short reads', oddities: { shortReads: true } },
  { on, what: 'no direct reads', oddities: { faults: [{ call: 'direct', error: 'EINVAL' }] } },
  { on, what: 'no extended attributes', oddities: { faults: [{ call: 'listxattr', error: 'EOPNOTSUPP' }] } },
  {
    on,
    what: 'no sync of directories',
    oddities: { faults: [{ call: 'fsyncdir', error: 'EINVAL' }] },
    refused: 'FILE_SYSTEM_UNABLE',
  },
];

const table: readonly Line[] = [
  ...anywhere('tree'),
  ...anywhere('store'),
  {
    on: 'tree',
    what: 'attributes kept for 1 s by the file system',
    oddities: { oldAttributesMs: 1_000 },
    refused: 'FILE_SYSTEM_UNABLE',
  },
  { on: 'store', what: 'attributes kept for 1 s by the file system', oddities: { oldAttributesMs: 1_000 } },
  {
    on: 'tree',
    what: 'all that NFS lacks',
    oddities: { faults: noExchange, cacheSeconds: 60, hideRemoved: true, shortReads: true, timeUnitNs: 1_000 },
    short: true,
  },
  ...(['EPERM', 'EOPNOTSUPP'] as const).map((error): Line => ({
    on: 'tree',
    what: `no hard links (${error})`,
    oddities: { faults: [{ call: 'link', error }] },
    refused: 'FILE_SYSTEM_UNABLE',
    ...(error === 'EPERM' ? { short: true } : {}),
  })),
  {
    on: 'tree',
    what: 'no symbolic links',
    oddities: { faults: [{ call: 'symlink', error: 'EOPNOTSUPP' }] },
    refused: 'FILE_SYSTEM_UNABLE',
  },
  { on: 'tree', what: 'permissions ignored', oddities: { chmodIgnored: true } },
  {
    on: 'store',
    what: 'no links at all',
    oddities: {
      faults: [...noExchange, { call: 'link', error: 'EOPNOTSUPP' }, { call: 'symlink', error: 'EOPNOTSUPP' }],
    },
  },
  { on: 'store', what: 'permissions ignored', oddities: { chmodIgnored: true }, refused: 'STORE_NOT_PROTECTED' },
  {
    on: 'store',
    what: 'permissions ignored, which its settings accept',
    oddities: { chmodIgnored: true },
    settings: { protect: 'none' },
  },
  {
    on: 'store',
    what: 'permissions cannot be changed',
    oddities: { faults: [{ call: 'chmod', error: 'EPERM' }] },
    refused: 'STORE_NOT_PROTECTED',
  },
  {
    on: 'store',
    what: 'files changed by the rename of their directory',
    oddities: { renameTouches: true },
    refused: 'FILE_SYSTEM_UNABLE',
  },
  {
    on: 'store',
    what: 'all that SMB lacks, which its settings accept',
    oddities: {
      faults: [
        ...noExchange,
        { call: 'link', error: 'EOPNOTSUPP' },
        { call: 'symlink', error: 'EOPNOTSUPP' },
        { call: 'listxattr', error: 'EOPNOTSUPP' },
        { call: 'direct', error: 'EINVAL' },
      ],
      chmodIgnored: true,
      timeUnitNs: 100,
      fold: 'case',
      onlyUtf8: true,
    },
    settings: { protect: 'none' },
    short: true,
  },
];

const works = 'archived and restored';

/** Without what a service that was killed left of its look at the file system. */
const namesIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name !== '.open' && !name.startsWith('.check-'))
    .sort();

describeOddFs('what a file system lacks', () => {
  let odd: OddWorld;
  beforeAll(async () => {
    odd = await OddWorld.create();
  });
  afterAll(() => odd.world.close());
  afterEach(async () => {
    await odd.world.services.killAll();
    odd.reset();
    odd.world.forgetAll(); // the next line sees other times
  });

  const lines = shortOr(table).map((line) => ({ ...line, outcome: line.refused ?? works }));
  test.each(lines)('$on: $what: $outcome', async ({ on, oddities, refused, settings = {} }) => {
    const { world } = odd;
    odd.setStore(settings);
    odd.set(on, oddities);
    for (const marker of world.frozen.keys()) world.refreeze(join(world.data, marker));
    if (refused === undefined) return thereAndBack(world);
    const before = namesIn(world.store);
    expect(await refusal(world, refused)).toContain(on === 'tree' ? world.hold : world.store);
    await world.services.killAll();
    expect(namesIn(world.store)).toEqual(before);
    expect(namesIn(join(world.store, '.open'))).toEqual([]);
  });
});
