import { describeOddFs, noExchange, OddFs, type Oddities } from '@coldroom/odd-fs';
import { codeOf } from '@coldroom/domain';
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshOf } from './fresh';
import { renameExchangeSync } from './rename';
import { describeOn, mountOn, type MountKind } from './testing/mounted';
import { renameFlags, renameSync as renameWith } from './native';

const failed = (act: () => unknown): string => {
  try {
    act();
    return 'works';
  } catch (error) {
    return codeOf(error);
  }
};

/** Each looks at one ability, in an empty directory. */
const looks = {
  exchange: (at: (name: string) => string) => {
    for (const name of ['a', 'b']) writeFileSync(at(name), name);
    return [
      failed(() => renameExchangeSync(Buffer.from(at('a')), Buffer.from(at('b')))),
      failed(() => renameWith(Buffer.from(at('a')), Buffer.from(at('c')), renameFlags.noReplace)),
    ];
  },
  'hard links': (at) => {
    writeFileSync(at('a'), 'a');
    return failed(() => linkSync(at('a'), at('b')));
  },
  'symbolic links': (at) => failed(() => symlinkSync('a', at('b'))),
  'what the first name shows of a hard link': (at) => {
    writeFileSync(at('a'), 'a');
    lstatSync(at('a'));
    linkSync(at('a'), at('b'));
    return lstatSync(at('a')).nlink;
  },
  permissions: (at) => {
    writeFileSync(at('a'), 'a');
    const before = lstatSync(at('a')).mode;
    chmodSync(at('a'), 0o400);
    return lstatSync(at('a')).mode === before ? 'ignored' : 'changed';
  },
  times: (at) => {
    writeFileSync(at('a'), 'a');
    utimesSync(at('a'), 1_000_000_001, 1_000_000_001.123_456_7);
    return lstatSync(at('a'), { bigint: true }).mtimeNs;
  },
  'letter case': (at) => {
    writeFileSync(at('Name'), 'a');
    return failed(() => lstatSync(at('nAME')));
  },
  'a change of letter case': (at) => {
    writeFileSync(at('name'), 'a');
    renameSync(at('name'), at('NAME'));
    return readdirSync(at('.')).length;
  },
  'files in a renamed directory': (at) => {
    mkdirSync(at('one'));
    writeFileSync(at('one/a'), 'a');
    utimesSync(at('one/a'), 1_000_000_001, 1_000_000_001.5);
    const { ctimeNs } = freshOf(Buffer.from(at('one/a'))).identity;
    renameSync(at('one'), at('two'));
    const after = freshOf(Buffer.from(at('two/a'))).identity;
    return [after.mtimeNs, after.ctimeNs === ctimeNs];
  },
  'what is removed while it is open': (at) => {
    writeFileSync(at('a'), 'a');
    const fd = openSync(at('a'), 'r');
    unlinkSync(at('a'));
    const left = readdirSync(at('.')).map((name) => name.replace(/\d.*/, ''));
    closeSync(fd);
    return left;
  },
} satisfies Readonly<Record<string, (at: (name: string) => string) => unknown>>;

const table: readonly (readonly [kind: MountKind, look: keyof typeof looks, oddities: Oddities])[] = [
  ['ext4', 'exchange', {}],
  ['ext4', 'what the first name shows of a hard link', {}],
  ['ext4', 'what is removed while it is open', {}],
  ['ext3InSeconds', 'times', { timeUnitNs: 1_000_000_000 }],
  ['ntfs', 'times', { timeUnitNs: 100 }],
  ['ntfs', 'permissions', { chmodIgnored: true }],
  ['bindfs', 'exchange', { faults: noExchange }],
  ['bindfs', 'what the first name shows of a hard link', { cacheSeconds: 1 }],
  ['bindfs', 'what is removed while it is open', { hideRemoved: true }],
  ['ext4', 'files in a renamed directory', {}],
  ['encfs', 'files in a renamed directory', { renameTouches: true }],
  ['exfat', 'hard links', { faults: [{ call: 'link', error: 'EPERM' }] }],
  ['exfat', 'symbolic links', { faults: [{ call: 'symlink', error: 'ENOSYS' }] }],
  ['exfat', 'permissions', { chmodIgnored: true }],
  ['exfat', 'letter case', { fold: 'case' }],
  ['exfat', 'a change of letter case', { fold: 'case' }],
];

describeOddFs('odd-fs does as the file systems that it stands for', () => {
  for (const kind of new Set(table.map(([each]) => each)))
    describeOn(kind, kind, () => {
      let top: string;
      let unmount: () => void;
      let odd: OddFs;
      let turn = 0;
      beforeAll(() => {
        top = mkdtempSync(join(tmpdir(), 'coldroom-like-'));
        unmount = mountOn(kind, join(top, 'real'));
      });
      beforeEach(() => {
        odd = OddFs.mount(join(top, `odd-${(turn += 1)}`));
      });
      afterEach(() => odd.remove());
      afterAll(() => {
        unmount();
        rmSync(top, { recursive: true });
      });

      test.each(table.filter(([each]) => each === kind).map(([, look, oddities]) => [look, oddities] as const))(
        '%s',
        (look, oddities) => {
          odd.set(oddities);
          const [real, pretended] = [join(top, 'real'), odd.mountPoint].map((mounted) => {
            const directory = mkdtempSync(join(mounted, 'look-'));
            return looks[look]((name) => join(directory, name));
          });
          expect(pretended).toEqual(real);
        },
      );
    });
});
