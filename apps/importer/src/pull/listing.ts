import { createHash } from 'node:crypto';
import { matchTemplate, type Instrument } from '@coldroom/buffers';
import { Transient } from '@coldroom/domain';
import { isTemporaryName } from '@coldroom/files';
import { runRsync } from './run-rsync';

/** A set as an instrument lists it. */
export interface ListedSet {
  /** Below the instrument's directory. */
  readonly path: Buffer;
  readonly words: ReadonlyMap<string, Buffer>;
  readonly files: number;
  readonly bytes: bigint;
  /** The sum of digests of its entries (names, sizes, times): in whatever order they are listed. */
  readonly look: string;
  readonly marked: boolean;
  readonly temporary: Buffer | null;
  /** The first entry that is neither a file nor a directory. */
  readonly odd: Buffer | null;
}

const entry = /^(.)[rwxsStTl-]{9}\S? +(\d+) (\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) (.*)$/s;

const how = ['--list-only', '--recursive', '--no-human-readable', '--timeout=600'];
export const fromInput = ['--files-from=-', '--from0'];

/** Names go by standard input, as bytes: an argument could not have all of them. */
export const inputOf = (path: Buffer): Buffer => Buffer.concat([Buffer.from('./'), path, Buffer.of(0)]);

/** With names from its input, rsync wants a place to copy to, even if it only lists. Nothing can be made here. */
const nowhere = '/proc/nowhere/';

type Sum = { -readonly [Key in keyof Omit<ListedSet, 'look'>]: ListedSet[Key] } & { entries: bigint };

export interface InstrumentList {
  readonly sets: readonly ListedSet[];
  /** What rsync said where it could not read everything, or null. Sets in which that is do not arrive. */
  readonly unread: string | null;
}

/**
 * All sets of an instrument, from one list by rsync. In memory are the sets, and no list of their files. A directory that
 * cannot be read, as systems keep them at the top of a disk, does not keep the sets beside it from being listed.
 */
export async function listSets(instrument: Instrument, signal: AbortSignal): Promise<InstrumentList> {
  const { sets, failed } = await list(instrument, signal, [`${instrument.from}/`]);
  if (failed && sets === undefined) throw failed;
  return { sets: sets ?? [], unread: failed ? failed.message : null };
}

/** Just the set at this path, as it is listed now; undefined if it is gone. */
export async function listSet(
  instrument: Instrument,
  path: Buffer,
  signal: AbortSignal,
): Promise<ListedSet | undefined> {
  const places = [`${instrument.from}/`, nowhere];
  const { sets, failed } = await list(instrument, signal, places, path);
  if (failed) throw failed;
  return sets?.[0];
}

/** `sets` is undefined if not even the directory of the instrument could be read. */
async function list(
  instrument: Instrument,
  signal: AbortSignal,
  places: readonly string[],
  only?: Buffer,
): Promise<{ readonly sets: readonly ListedSet[] | undefined; readonly failed: Transient | null }> {
  const sums = new Map<string, Sum>();
  const depth = instrument.sets.parts.length;
  let [isRead, failed] = [false, null as Transient | null];
  try {
    await runRsync({
      args: [...how, ...(only ? fromInput : []), ...reach(instrument), '--', ...places],
      ...(only ? { input: inputOf(only) } : {}),
      line: (line) => {
        isRead = true;
        add(sums, depth, instrument, line);
      },
      signal,
    });
  } catch (error) {
    if (!(error instanceof Transient) || error.code !== 'PULL_SOURCE_CHANGED') throw error;
    failed = error;
  }
  const sets = [...sums.values()].map(({ entries, ...sum }) => ({ ...sum, look: entries.toString(16) }));
  return { sets: isRead ? sets : undefined, failed };
}

/** How another machine is reached; nothing for a directory of this one. */
export function reach({ from, ssh }: Instrument): readonly string[] {
  return from.startsWith('/') ? [] : ['--rsh', ssh];
}

function add(sets: Map<string, Sum>, depth: number, instrument: Instrument, line: string): void {
  const [, type = '', size = '', time = '', shown = ''] = entry.exec(line) ?? [];
  if (type === '') return;
  const path = unescaped(shown);
  const names = path.toString('latin1').split('/');
  if (names.length < depth) return;
  const key = names.slice(0, depth).join('/');
  if (names.length === depth) {
    const words = type === 'd' ? matchTemplate(instrument.sets, path) : undefined;
    if (words) sets.set(key, fresh(path, words));
    return;
  }
  const sum = sets.get(key);
  if (!sum) return;
  const below = path.subarray(Buffer.from(key, 'latin1').length + 1);
  // The time of a directory changes with what is in it, and is left out: its names say more.
  const what = `${below.length} ${type} ${type === 'd' ? '' : `${size} ${time}`} `;
  sum.entries += digestOf(what, below);
  if (type === '-') {
    sum.files += 1;
    sum.bytes += BigInt(size);
    if (names.length === depth + 1 && below.equals(Buffer.from(instrument.ready.marker ?? ''))) sum.marked = true;
  } else if (type !== 'd') sum.odd ??= below;
  if (isTemporaryName(Buffer.from(names.at(-1) ?? '', 'latin1'))) sum.temporary ??= below;
}

function digestOf(what: string, path: Buffer): bigint {
  return createHash('sha256').update(what).update(path).digest().readBigUInt64BE();
}

function fresh(path: Buffer, words: ReadonlyMap<string, Buffer>): Sum {
  return { path, words, files: 0, bytes: 0n, marked: false, temporary: null, odd: null, entries: 0n };
}

/** rsync shows a byte that is no plain character as `\#` and three octal digits, and a `\` before such digits as well. */
function unescaped(shown: string): Buffer {
  return Buffer.from(
    shown.replaceAll(/\\#([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    'latin1',
  );
}
