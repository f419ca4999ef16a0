import { describeOn, type MountKind } from '@coldroom/files/testing';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileStoreWith } from '../store-kinds';
import { World } from '../world';
import { shortOr } from './odd-world';
import { refusal, thereAndBack } from './walk';

interface Line {
  readonly kind: MountKind;
  readonly as: readonly ('OMERO' | 'store')[];
  /** The code with which a service does not start. Where it is missing, all is archived and restored. */
  readonly refused?: string;
  /** Settings of the store. */
  readonly settings?: object;
  readonly timeUnitNs?: bigint;
  readonly short?: true;
}

const each = (kind: MountKind, more: Partial<Line> = {}): readonly Line[] => [
  { kind, as: ['OMERO'], ...more },
  { kind, as: ['store'], ...more },
];

const table: readonly Line[] = [
  ...each('ext4'),
  ...each('ext3'),
  ...each('ext3InSeconds', { timeUnitNs: 1_000_000_000n }),
  ...each('xfs'),
  ...each('btrfs'),
  ...each('overlay'),
  { kind: 'tmpfs', as: ['OMERO'] },
  { kind: 'tmpfs', as: ['store'], refused: 'STORE_NOT_PROVABLE' },
  { kind: 'tmpfs', as: ['store'], settings: { verify: 'cached' } },
  { kind: 'ntfs', as: ['OMERO'], timeUnitNs: 100n },
  { kind: 'ntfs', as: ['store'], refused: 'STORE_NOT_PROTECTED' },
  { kind: 'ntfs', as: ['store'], settings: { protect: 'none' }, timeUnitNs: 100n },
  ...each('ntfsWithPermissions', { timeUnitNs: 100n }),
  { kind: 'exfat', as: ['store'], refused: 'STORE_NOT_PROTECTED' },
  ...each('gocryptfs'),
  ...each('mergerfs'),
  ...each('bindfs'),
  ...each('unionfs'),
  { kind: 'encfs', as: ['OMERO'], refused: 'FILE_SYSTEM_UNABLE' },
  { kind: 'encfs', as: ['store'], refused: 'FILE_SYSTEM_UNABLE' },
  { kind: 'bindfs', as: ['OMERO', 'store'], short: true },
  { kind: 'mergerfs', as: ['OMERO', 'store'], short: true },
];

const named = (line: Line): string => {
  const places = line.as.map((place) => (place === 'OMERO' ? 'tree' : 'store')).join(' and ');
  const settings = line.settings ? ` with ${JSON.stringify(line.settings)}` : '';
  return `${line.kind} as ${places}${settings}: ${line.refused ?? 'archived and restored'}`;
};

for (const { kind, as, refused, settings, timeUnitNs, ...rest } of shortOr(table))
  describeOn(
    kind,
    named({ kind, as, ...(refused ? { refused } : {}), ...(settings ? { settings } : {}), ...rest }),
    () => {
      let world: World;
      afterEach(() => world.close());

      test('and every path reads as before', async () => {
        world = await World.create({
          hold: '0',
          mounts: Object.fromEntries(as.map((place) => [place, kind])),
          store: fileStoreWith(settings),
        });
        world.timeUnitNs = timeUnitNs ?? 1n;
        if (refused === undefined) return thereAndBack(world);
        expect(await refusal(world, refused)).toContain(as.includes('store') ? world.store : world.hold);
        expect(readdirSync(join(world.store, '.open')).filter((name) => !name.startsWith('.check-'))).toEqual([]);
        await world.check();
      });
    },
  );
