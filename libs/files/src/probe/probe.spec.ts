import { abilities, type Ability } from '@coldroom/domain';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRoot, writeMarker } from '../roots';
import { describeOn, mountOn, type MountKind } from '../testing/mounted';
import { probeInSeparateProcess } from '../testing/separate-process';
import { KeptLook } from './kept-look';
import { refuseLacks } from './lacks';
import { probe } from './probe';

const open = Buffer.from('.open');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-probe-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Expected {
  readonly lacks: readonly Ability[];
  readonly unitNs: number;
  readonly longestName: number;
  readonly refused?: string;
}
const noExchange = ['exchange', 'rename without replacing'] as const;
const kinds: Partial<Record<MountKind, Expected>> = {
  ext4: { lacks: [], unitNs: 1, longestName: 255 },
  bindfs: { lacks: ['fresh attributes', ...noExchange], unitNs: 1, longestName: 255 },
  mergerfs: { lacks: ['fresh attributes', ...noExchange], unitNs: 1, longestName: 255 },
  unionfs: { lacks: ['fresh attributes', ...noExchange, 'extended attributes'], unitNs: 1, longestName: 255 },
  encfs: {
    lacks: ['fresh attributes', ...noExchange, 'renames without changes'],
    unitNs: 1000,
    longestName: 175,
    refused: 'FILE_SYSTEM_UNABLE',
  },
  gocryptfs: { lacks: [], unitNs: 1, longestName: 255 },
  ntfs: {
    lacks: [...noExchange, 'permissions', 'any bytes in names', 'owners'],
    unitNs: 100,
    longestName: 255,
    refused: 'STORE_NOT_PROTECTED',
  },
};

for (const [kind, { lacks, unitNs, longestName, refused }] of Object.entries(kinds) as [MountKind, Expected][])
  describeOn(kind, `the probe on ${kind}`, () => {
    test('finds what its file system can do, and leaves nothing', async () => {
      const store = join(dir, 'store');
      const unmount = mountOn(kind, store);
      try {
        await writeMarker(store, 'main');
        const look = await probe(await openRoot(store, 'main'), open);
        const found = abilities.filter((ability) => look.abilities[ability].answer === 'no');
        expect(found).toEqual(abilities.filter((ability) => lacks.includes(ability)));
        expect(look).toMatchObject({ directory: store, timeUnitNs: unitNs, longestName });
        expect(readdirSync(join(store, '.open'))).toEqual([]);
        const refuse = (): void => refuseLacks('store', 'main', look, { unprotected: false, cachedReads: false });
        if (refused) expect(refuse).toThrow(expect.objectContaining({ code: refused }));
        else expect(refuse).not.toThrow();
      } finally {
        unmount();
      }
    });
  });

describeOn('oneOwner', 'the probe where all files belong to one user', () => {
  test('finds this without root as well, except as that user', async () => {
    const store = join(dir, 'store');
    const unmount = mountOn('oneOwner', store);
    try {
      await writeMarker(store, 'main');
      chmodSync(dir, 0o755);
      mkdirSync(join(store, '.open'));
      const as = (uid: number): unknown => JSON.parse(probeInSeparateProcess(store, 'main', uid).answer);
      expect(as(2345)).toEqual(['no', { uid: 1234, gid: 1234 }]);
      expect(as(1234)).toEqual(['unknown', { uid: 1234, gid: 1234 }]);
      const { abilities: found, newFiles } = await probe(await openRoot(store, 'main'), open);
      expect([found.owners, newFiles]).toEqual([
        { answer: 'no', how: 'chown: EPERM' },
        { uid: 1234, gid: 1234 },
      ]);
    } finally {
      unmount();
    }
  });
});

test('what a killed probe left is removed after an hour, and not before', async () => {
  await writeMarker(dir, 'main');
  const root = await openRoot(dir, 'main');
  const left = join(dir, '.open', '.check-left');
  mkdirSync(left, { recursive: true });
  await probe(root, open);
  expect(readdirSync(join(dir, '.open'))).toEqual(['.check-left']);
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_700_000);
  await probe(root, open);
  clock.mockRestore();
  expect(readdirSync(join(dir, '.open'))).toEqual([]);
});

test('a look is kept, and taken again when another disk is mounted there', async () => {
  await writeMarker(dir, 'main');
  const kept = new KeptLook(open);
  const [first, same] = await Promise.all([1, 2].map(async () => kept.take(await openRoot(dir, 'main'))));
  expect(same).toBe(first);
  expect(await kept.take(await openRoot(dir, 'main'))).toBe(first);
  rmSync(join(dir, '.coldroom-root'));
  await writeMarker(dir, 'main');
  const second = await kept.take(await openRoot(dir, 'main'));
  expect(second?.marker.id).not.toBe(first?.marker.id);
});

test('a store in the memory of this machine cannot prove copies, and says so', async () => {
  const store = join(dir, 'store');
  mkdirSync(store);
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'none', store], { stdio: 'pipe' });
  } catch (error) {
    process.stderr.write(`SKIPPED: the probe on tmpfs: it cannot be mounted (${String(error)})\n`);
    return;
  }
  try {
    await writeMarker(store, 'main');
    const look = await probe(await openRoot(store, 'main'), open);
    const refuse = (cachedReads: boolean) => (): void =>
      refuseLacks('store', 'main', look, { unprotected: false, cachedReads });
    expect(refuse(false)).toThrow(
      expect.objectContaining({ code: 'STORE_NOT_PROVABLE', message: expect.stringContaining('tmpfs') as string }),
    );
    expect(refuse(true)).not.toThrow();
  } finally {
    execFileSync('umount', [store]);
  }
});
