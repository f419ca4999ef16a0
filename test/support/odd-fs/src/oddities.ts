import { constants } from 'node:os';

/** The calls that can be made to fail. `exchange` and `no-replace` are renames with that flag, `direct` is an open. */
export type Call =
  | 'getattr'
  | 'readlink'
  | 'opendir'
  | 'readdir'
  | 'statfs'
  | 'getxattr'
  | 'listxattr'
  | 'mkdir'
  | 'unlink'
  | 'rmdir'
  | 'symlink'
  | 'rename'
  | 'exchange'
  | 'no-replace'
  | 'link'
  | 'chmod'
  | 'chown'
  | 'truncate'
  | 'utimens'
  | 'setxattr'
  | 'open'
  | 'direct'
  | 'create'
  | 'read'
  | 'write'
  | 'fsync'
  | 'fsyncdir'
  | 'close';

/** A call that fails or hangs from the n-th on, since the oddities were set. */
export type Fault = {
  readonly call: Call;
  /** Default 1. */
  readonly nth?: number;
  /** How often; default: each time. */
  readonly times?: number;
  /** Only on paths that contain this. */
  readonly path?: string;
} & ({ readonly error: keyof typeof constants.errno } | { readonly waitMs: number });

/** What a mounted odd-fs does differently from now on. */
export interface Oddities {
  readonly faults?: readonly Fault[];
  readonly readOnly?: boolean;
  /** `chmod` succeeds and changes nothing: all files have all bits. */
  readonly chmodIgnored?: boolean;
  /** Times are cut to a multiple of this. */
  readonly timeUnitNs?: number;
  /** odd-fs itself keeps attributes that long, whatever was done under another name of the file. */
  readonly oldAttributesMs?: number;
  /** The system keeps attributes and names that long. */
  readonly cacheSeconds?: number;
  /** In bytes. */
  readonly longestName?: number;
  /** Names in the other case, or in the other Unicode form, are the same (é, ö, ü; the first spelling is kept). */
  readonly fold?: 'case' | 'forms';
  /** Names that are not UTF-8 are refused (EILSEQ). */
  readonly onlyUtf8?: boolean;
  /** Added to all inode numbers. */
  readonly inodeShift?: number;
  /** The rename of a directory gives what is in it times in seconds and another ctime, as EncFS does. */
  readonly renameTouches?: boolean;
  /** Reads return less than asked for. */
  readonly shortReads?: boolean;
  /** The n-th read of the beginning of each file whose path contains `path`, or of so many of them, has a wrong bit. */
  readonly flip?: { readonly nth: number; readonly path: string; readonly files?: number };
  /** What is removed while it is open gets a hidden name beside it, as on NFS. */
  readonly hideRemoved?: boolean;
}

/** As NFS and SMB: no rename has flags. */
export const noExchange: readonly Fault[] = [
  { call: 'exchange', error: 'EINVAL' },
  { call: 'no-replace', error: 'EINVAL' },
];

const always = 2_000_000_000;

/** The file of oddities that odd-fs reads. */
export function asLines({ faults = [], ...rest }: Oddities): string {
  const lines = faults.map((fault) => {
    const { call, nth = 1, times = always, path = '' } = fault;
    const effect = 'error' in fault ? constants.errno[fault.error] : fault.waitMs;
    return `${'error' in fault ? 'fail' : 'wait'} ${call} ${effect} ${nth} ${nth + times - 1} ${path}`;
  });
  const settings: readonly (readonly [name: string, value: string | number | boolean | undefined])[] = [
    ['read-only', rest.readOnly],
    ['chmod-ignored', rest.chmodIgnored],
    ['time-unit', rest.timeUnitNs],
    ['old', rest.oldAttributesMs],
    ['cache', rest.cacheSeconds],
    ['longest-name', rest.longestName],
    ['fold-case', rest.fold === 'case'],
    ['fold-forms', rest.fold === 'forms'],
    ['only-utf8', rest.onlyUtf8],
    ['inode-shift', rest.inodeShift],
    ['rename-touches', rest.renameTouches],
    ['short-reads', rest.shortReads],
    ['flip-at', rest.flip?.nth],
    ['flip-path', rest.flip?.path],
    ['flip-files', rest.flip?.files],
    ['hide-removed', rest.hideRemoved],
  ];
  const set = settings.filter(([, value]) => value !== undefined && value !== false);
  return [...lines, ...set.map(([name, value]) => `${name} ${typeof value === 'boolean' ? 1 : value}`), ''].join('\n');
}
