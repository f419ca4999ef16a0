import { describeOddFs, noExchange, type Fault, type Oddities } from '@coldroom/odd-fs';
import { twoFilesets } from '../crash-points';
import { said } from '../services';
import { OddWorld, shortOr, type Place } from './odd-world';
import { restoreOf } from './walk';

/*
 * Calls that fail once, or hang for longer than a claim lasts, while services run. Each file is archived and restored all
 * the same: the stage tries again, or another one does.
 */

interface Line {
  readonly on: Place;
  readonly during: 'archiving' | 'restoring';
  readonly what: string;
  readonly oddities: Oddities;
  /** The code of the failed attempt of a whole bag. Where it is missing, single files failed and were tried again. */
  readonly code?: string;
  readonly short?: true;
}

type Failing = readonly [call: Fault['call'], error: 'EIO' | 'ESTALE' | 'ENOSPC' | 'EDQUOT' | 'EMLINK', path: string];

const failing =
  (on: Place, during: Line['during']) =>
  ([call, error, path]: Failing, code?: string, short?: 'short'): Line => ({
    on,
    during,
    what: `${call} of ${path || 'anything'} fails with ${error}`,
    oddities: { faults: [{ call, error, path, times: 1 }] },
    ...(code ? { code } : {}),
    ...(short ? { short: true } : {}),
  });
const hanging = (on: Place, during: Line['during'], call: Fault['call'], path: string, short?: 'short'): Line => ({
  on,
  during,
  what: `${call} of ${path || 'anything'} hangs for 5 s`,
  oddities: { faults: [{ call, waitMs: 5_000, path, times: 1 }] },
  ...(short ? { short: true } : {}),
});

/** One file of the filesets is empty. A second copy is a file of its own, so only the first ones are read wrongly. */
const copiesWithBytes = 4;

const storing = failing('store', 'archiving');
const reading = failing('store', 'restoring');
const linking = failing('tree', 'archiving');
const restoring = failing('tree', 'restoring');

const table: readonly Line[] = [
  storing(['create', 'ENOSPC', '/data/'], 'STORE_FULL'),
  storing(['mkdir', 'EDQUOT', '/data'], 'STORE_FULL'),
  storing(['write', 'EIO', '/data/'], 'COPY_NOT_SYNCED'),
  storing(['write', 'EDQUOT', '/data/'], 'STORE_FULL'),
  storing(['write', 'ESTALE', '/data/'], 'COPY_NOT_SYNCED'),
  storing(['fsync', 'ENOSPC', '/data/'], 'STORE_FULL'),
  storing(['fsync', 'EIO', '/data/'], 'COPY_NOT_SYNCED'),
  storing(['close', 'EDQUOT', '/data/'], 'STORE_FULL', 'short'),
  storing(['close', 'EIO', '/data/'], 'COPY_NOT_SYNCED'),
  storing(['fsyncdir', 'EIO', '/data'], 'COPY_NOT_SYNCED'),
  storing(['getattr', 'EIO', '/data/']),
  storing(['getattr', 'ESTALE', '/data/']),
  storing(['open', 'ESTALE', '/data/']),
  storing(['read', 'EIO', '/data/']),
  storing(['read', 'ESTALE', '/data/'], undefined, 'short'),
  storing(['rename', 'EIO', ''], 'COPY_NOT_SYNCED'),
  storing(['chmod', 'EIO', '/data'], 'COPY_NOT_SYNCED'),
  storing(['write', 'ENOSPC', 'manifest'], 'STORE_FULL'),
  storing(['fsync', 'EIO', 'manifest'], 'COPY_NOT_SYNCED'),
  storing(['open', 'ESTALE', '/.coldroom-root']),
  {
    on: 'store',
    during: 'archiving',
    what: 'the first read of each copy has a wrong bit',
    oddities: { flip: { nth: 1, path: '/data/', files: copiesWithBytes } },
  },
  hanging('store', 'archiving', 'write', '/data/'),
  hanging('store', 'archiving', 'fsync', '/data/'),
  hanging('store', 'archiving', 'read', '/data/'),
  hanging('store', 'archiving', 'no-replace', ''),
  linking(['read', 'EIO', '.tif']),
  linking(['open', 'ESTALE', '.tif']),
  {
    on: 'tree',
    during: 'archiving',
    what: 'the second read of each original has a wrong bit',
    oddities: { flip: { nth: 2, path: '.tif' } },
    short: true,
  },
  linking(['link', 'EIO', '']),
  linking(['link', 'ENOSPC', '']),
  linking(['link', 'EMLINK', '']),
  linking(['symlink', 'EDQUOT', '']),
  linking(['exchange', 'EIO', '']),
  ...(['EIO', 'ESTALE'] as const).map((error): Line => ({
    on: 'tree',
    during: 'archiving',
    what: `rename without exchange fails with ${error}`,
    oddities: { faults: [...noExchange, { call: 'rename', error, path: '.tif', times: 1 }] },
    ...(error === 'ESTALE' ? { short: true } : {}),
  })),
  linking(['unlink', 'EIO', '.coldroom-']),
  linking(['unlink', 'EIO', '/hold/']),
  linking(['fsyncdir', 'EIO', '/hold']),
  linking(['fsyncdir', 'EIO', 'ManagedRepository/']),
  hanging('tree', 'archiving', 'read', '.tif'),
  hanging('tree', 'archiving', 'link', ''),
  hanging('tree', 'archiving', 'exchange', '', 'short'),
  hanging('tree', 'archiving', 'unlink', '/hold/'),
  reading(['read', 'EIO', '/data/']),
  reading(['read', 'ESTALE', '/data/']),
  {
    on: 'store',
    during: 'restoring',
    what: 'the first read of each copy has a wrong bit',
    oddities: { flip: { nth: 1, path: '/data/' } },
  },
  restoring(['write', 'ENOSPC', ''], 'TARGET_FULL'),
  restoring(['write', 'EDQUOT', ''], 'TARGET_FULL', 'short'),
  restoring(['fsync', 'EIO', ''], 'TARGET_NOT_SYNCED'),
  restoring(['utimens', 'EIO', ''], 'TARGET_NOT_SYNCED'),
  restoring(['chmod', 'EIO', ''], 'TARGET_NOT_SYNCED'),
  restoring(['exchange', 'EIO', '']),
  restoring(['unlink', 'EIO', '']),
  restoring(['fsyncdir', 'EIO', ''], 'TARGET_NOT_SYNCED'),
  hanging('tree', 'restoring', 'exchange', ''),
];

describeOddFs('a call that fails or hangs', () => {
  let odd: OddWorld;
  beforeAll(async () => {
    odd = await OddWorld.create();
    await Promise.all(odd.world.services.startAll().map((service) => said(service, '"started"')));
  });
  afterAll(() => odd.world.close());
  afterEach(() => odd.reset());

  test.each(shortOr(table))('$on while $during: $what', async ({ on, during, oddities, code }) => {
    const { world } = odd;
    await world.lay(twoFilesets);
    if (during === 'archiving') odd.set(on, oddities);
    const requestId = await world.approve();
    await world.reached(requestId, 'released');
    if (during === 'restoring') odd.set(on, oddities);
    else expect(odd.at(on).done()).not.toEqual([]);
    await restoreOf(world, requestId);
    await world.reached(requestId, 'restored');
    expect(odd.at(on).done()).not.toEqual([]);
    odd.reset();
    await world.checkAtRest();
    if (code) await world.attemptFailed(requestId, code);
  });
});
