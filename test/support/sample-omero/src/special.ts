import type { ChecksumAlgorithm } from './checksums';
import { importFileset, type FilesetPlan, type Imported } from './import-fileset';
import { importLegacy, type LegacyPlan } from './import-legacy';
import { importPlate } from './import-plate';
import type { SpecialKind } from './report';
import type { OmeroServer, SampleUser } from './server';

export interface Special {
  readonly kind: SpecialKind;
  /** Which of the three ordinary users. */
  readonly owner: 0 | 1 | 2;
  /**
   * `first`: only its first image; the archiver must find the rest. `none`: not marked, or in a way that does not
   * count.
   */
  readonly marked: 'all' | 'first' | 'none';
  make(server: OmeroServer, owner: SampleUser, dataset: number): Promise<Imported>;
}

const WELLS = 300;
const WELL_FILE_SIZE = 4_000;

/**
 * Names that a careless program mishandles. OMERO accepts all of them in the managed repository, some only with its
 * cleaning of names off.
 */
export const ODD_NAMES: readonly string[] = [
  'two  spaces and one at the end .tif ',
  '100%20 done%.tif',
  'cell#3;b&c.tif',
  `it's "quoted" \`now\` $(date).tif`,
  '-rf.tif',
  '.hidden.tif',
  '..dots..tif',
  'Zellgröße.tif'.normalize('NFD'),
  'Zellgröße.tif'.normalize('NFC'),
  'key=value [x].tif',
  '[Files]',
  'back\\slash.tif',
  '日本語🔬.tif',
  'Case.TIF',
  'case.tif',
  `${'long'.repeat(60)}.tif`,
  'raw data/sub dir/-b.tif',
];

/** One or some of every kind, by the three users in turn. */
export function specials(fileSize: number): readonly Special[] {
  const size = fileSize;
  let turn = 0;
  const next = (): 0 | 1 | 2 => (turn++ % 3) as 0 | 1 | 2;
  const fileset = (
    kind: SpecialKind,
    plan: Omit<FilesetPlan, 'owner'>,
    marked: Special['marked'] = 'all',
  ): Special => ({
    kind,
    owner: next(),
    marked,
    make: (server, owner, dataset) => importFileset(server, { dataset, ...plan, owner }),
  });
  const legacy = (
    kind: SpecialKind,
    plan: Omit<LegacyPlan, 'owner' | 'name'>,
    marked: Special['marked'] = 'all',
  ): Special => ({
    kind,
    owner: next(),
    marked,
    make: (server, owner, dataset) => importLegacy(server, { dataset, name: kind, ...plan, owner }),
  });
  const hashed = (kind: SpecialKind, hasher: ChecksumAlgorithm): Special =>
    fileset(kind, {
      files: [
        { name: `${kind}.tif`, size, hasher },
        { name: `${kind}-odd-length.tif`, size: 1_003, hasher },
      ],
    });

  return [
    legacy(
      'legacy-chain',
      {
        originals: [
          { name: '1.lsm', size },
          { name: '2.lsm', size },
          { name: '3.lsm', size },
        ],
        images: [[0, 1], [1, 2], [2]],
      },
      'first',
    ),
    ...[0, 1, 2].map(() => legacy('legacy-original', { originals: [{ name: 'old.dv', size }], images: [[0]] })),
    ...[0, 1, 2].map(() => legacy('legacy-pixels-only', { images: [[]] })),
    legacy('legacy-pyramid-only', { originals: [{ name: 'slide.svs', size }], images: [[0]], stored: 'pyramid' }),
    legacy('legacy-pixels-and-pyramid', { images: [[]], stored: 'both' }),
    fileset('partly-marked', { files: [{ name: 'series.lif', size: size * 2 }], images: 5 }, 'first'),
    fileset('no-dataset', { files: [{ name: 'orphan.tif', size }], dataset: undefined }),
    fileset('two-datasets', { files: [{ name: 'shared.tif', size }] }),
    fileset('attachment', { files: [{ name: 'annotated.tif', size }] }),
    fileset('failed-import', { files: [{ name: 'broken.czi', size }], images: 0 }, 'none'),
    fileset('fs-pyramid', { files: [{ name: 'big.tif', size: size * 3 }], pyramid: size }),
    ...ODD_NAMES.map((name) => fileset('odd-name', { files: [{ name, size: Math.ceil(size / 4) }] })),
    fileset('in-place-symlink', { files: [{ name: 'linked.tif', size, place: 'symlink' }], transfer: 'Symlink' }),
    fileset('hard-link', { files: [{ name: 'hard.tif', size, place: 'hard-link' }], transfer: 'Hardlink' }),
    fileset('missing-file', {
      files: [
        { name: 'here.tif', size },
        { name: 'gone.tif', size, place: 'missing' },
      ],
    }),
    fileset('wrong-hash', { files: [{ name: 'rotten.tif', size, hash: 'wrong' }] }),
    fileset('no-hash', { files: [{ name: 'unhashed.tif', size, hash: 'none' }] }),
    legacy('upper-case-hash', { originals: [{ name: 'OLD.STK', size, hash: 'upper-case' }], images: [[0]] }),
    hashed('file-size-64', 'File-Size-64'),
    hashed('md5-128', 'MD5-128'),
    hashed('adler-32', 'Adler-32'),
    hashed('crc-32', 'CRC-32'),
    hashed('murmur3-32', 'Murmur3-32'),
    hashed('murmur3-128', 'Murmur3-128'),
    fileset('sparse', { files: [{ name: 'holes.raw', size, place: 'sparse' }] }),
    fileset('empty-companion', {
      files: [
        { name: 'scan.mvd2', size },
        { name: 'scan.aisf', content: Buffer.alloc(0) },
      ],
    }),
    fileset('nanosecond-mtime', { files: [{ name: 'exact.tif', size, nanoseconds: '123456789' }] }),
    fileset('extended-attribute', { files: [{ name: 'attributed.tif', size, extendedAttribute: true }] }),
    {
      kind: 'plate',
      owner: next(),
      marked: 'first',
      make: (server, owner) => importPlate(server, owner, WELLS, WELL_FILE_SIZE),
    },
    ...(
      ['marked-by-leader', 'marked-by-stranger', 'tag-lookalike', 'boolean-lookalike', 'other-namespace'] as const
    ).map((kind): Special => ({
      kind,
      owner: 0,
      marked: 'none',
      make: (server, owner, dataset) =>
        importFileset(server, { owner, dataset, files: [{ name: `${kind}.tif`, size }] }),
    })),
  ];
}
