import { codeOf, Refused } from '@coldroom/domain';
import { displayPath, isTemporaryName, walk, type Entry, type Files } from '@coldroom/files';
import type { ImportControlFile, ImportOrder } from '@coldroom/register';
import { isControlFile } from './control-files';
import type { OrderPlaces } from './places';
import { SetDigest } from './set-digest';

/** How many names a message has. */
const shownNames = 10;

/** Names for a message: the first ones, and how many there are. */
class Names {
  private readonly first: string[] = [];
  count = 0;

  add(path: Buffer): void {
    if (this.count++ < shownNames) this.first.push(`"${displayPath(path)}"`);
  }

  toString(): string {
    const more = this.count - this.first.length;
    return `${this.first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
}

/** What is in the source of an order, summed up. */
export class Look {
  readonly notFiles = new Names();
  readonly zeroBytes = new Names();
  readonly unfinished = new Names();
  files = 0;
  /** The longest path. */
  longest: Buffer = Buffer.alloc(0);
  private readonly everything = new SetDigest();
  private readonly contents = new SetDigest();
  private newest: { readonly path: Buffer; readonly ns: bigint } | undefined;

  constructor(private readonly controls: readonly ImportControlFile[] = []) {}

  add({ path, kind, identity }: Entry): void {
    const { dev, ino, size, mtimeNs, ctimeNs } = identity;
    this.everything.add(path, kind, dev, ino, size, mtimeNs, ctimeNs);
    this.contents.add(path, size, mtimeNs);
    this.files += 1;
    if (path.length > this.longest.length) this.longest = path;
    if (kind !== 'file') this.notFiles.add(path);
    else if (size === 0n && !isControlFile(this.controls, { path, identity })) this.zeroBytes.add(path);
    if (isUnfinished(path)) this.unfinished.add(path);
    const ns = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
    if (!this.newest || ns > this.newest.ns) this.newest = { path, ns };
  }

  /** Of the names and identities of everything. */
  get found(): string {
    return this.everything.hex();
  }

  /** Of the names, sizes and times of the files: the same for a copy that keeps times. */
  get content(): string {
    return this.contents.hex();
  }

  /** What was changed last, for a message. */
  get last(): string {
    if (!this.newest) return 'nothing is in it';
    const at = new Date(Number(this.newest.ns / 1_000_000n)).toISOString();
    return `"${displayPath(this.newest.path)}" was changed last, at ${at}`;
  }
}

/** Any part of the path: rsync keeps unfinished files in directories of such names, too. */
function isUnfinished(path: Buffer): boolean {
  return path
    .toString('latin1')
    .split('/')
    .some((name) => isTemporaryName(Buffer.from(name, 'latin1')));
}

/** Everything in the source, as a stream; a source that is a file has itself, with an empty path. */
export async function* entriesOf(
  files: Files,
  places: OrderPlaces,
  order: Pick<ImportOrder, 'display'>,
): AsyncGenerator<readonly Entry[]> {
  const [found] = await files.inspect([{ root: places.root.directory, path: places.source }]);
  if (!found || found.kind === 'missing') throw gone(order);
  if (found.kind === 'refused') throw found.error;
  if (found.kind !== 'directory') {
    yield [{ path: Buffer.alloc(0), kind: found.kind, identity: found.identity }];
    return;
  }
  try {
    yield* walk(files, places.root, places.source);
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? gone(order, error) : error;
  }
}

export async function lookAtSource(
  files: Files,
  places: OrderPlaces,
  order: Pick<ImportOrder, 'display'>,
): Promise<Look> {
  const look = new Look(places.controls);
  for await (const batch of entriesOf(files, places, order)) for (const entry of batch) look.add(entry);
  return look;
}

const gone = ({ display }: Pick<ImportOrder, 'display'>, cause?: unknown): Refused =>
  new Refused(
    'IMPORT_SOURCE_GONE',
    `Nothing is at ${display} now. Put it back and retry, or cancel the order.`,
    {},
    { cause },
  );
