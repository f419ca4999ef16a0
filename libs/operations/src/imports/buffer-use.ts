import { isWithin, type BufferSettings, type Imports } from '@coldroom/buffers';
import { codeOf, messageOf } from '@coldroom/domain';
import { displayPath, Files, openDirectory, type Root } from '@coldroom/files';
import type { Register, SourceInBuffer } from '@coldroom/register';
import { notFound } from '../failure';
import { setsIn, type SetInBuffer } from './buffer-sets';

/** What a person has in a buffer; null for what is in shared directories. */
export interface PersonUse {
  readonly person: string | null;
  readonly sets: number;
  readonly files: number;
  readonly bytes: bigint;
  /** When the set was changed last that nothing was changed in for longest. */
  readonly oldest: Date;
  /** In sets whose import is proven. */
  readonly provenBytes: bigint;
  /** Sets that were never ordered, and that are older than the lifetime of the buffer. They are reported, never removed. */
  readonly overdue: readonly SetInBuffer[];
}

/** The source of a proven import, and when the importer may remove it; null: never. It checks every file again then. */
export interface SourceToGo {
  readonly order: SourceInBuffer;
  readonly goesAt: Date | null;
}

/** Files that are kept among our locks, of orders at their end or set aside: there was no place to give them back to. */
export interface KeptFiles {
  readonly orderId: bigint;
  readonly directory: string;
  readonly files: number;
  readonly bytes: bigint;
}

export interface BufferUse {
  readonly name: string;
  readonly directory: string;
  /** Why it could not be looked into, for one that is not mounted. */
  readonly fault: string | null;
  readonly people: readonly PersonUse[];
  readonly toGo: readonly SourceToGo[];
  readonly kept: readonly KeptFiles[];
}

/**
 * How full the buffers are, of what, and what will be removed; of one buffer, where a name is given. Nothing is changed, and
 * no file is read. `Refused` `NO_SUCH_BUFFER`.
 */
export async function bufferUses(
  register: Register,
  imports: Imports,
  name: string | undefined,
  now: Date,
): Promise<readonly BufferUse[]> {
  const wanted = imports.buffers.filter((buffer) => name === undefined || buffer.name === name);
  if (name !== undefined && wanted.length === 0) {
    const names = imports.buffers.map((buffer) => buffer.name).join(', ');
    throw notFound(`buffer ${JSON.stringify(name)}`, 'NO_SUCH_BUFFER', `the imports file has: ${names}`);
  }
  const files = new Files({ threads: 1 });
  try {
    const uses: BufferUse[] = [];
    for (const buffer of wanted) uses.push(await useOf(register, imports, buffer, files, now));
    return uses;
  } finally {
    await files.close();
  }
}

async function useOf(
  register: Register,
  imports: Imports,
  buffer: BufferSettings,
  files: Files,
  now: Date,
): Promise<BufferUse> {
  const { name, directory } = buffer;
  const orders = await register.imports.sources.below(directory);
  const toGo = orders
    .filter(({ state }) => state === 'done')
    .map((order) => ({ order, goesAt: goesAt(order, buffer) }));
  try {
    const root = await imports.root(buffer);
    const people = new Map<string | null, PersonUse>();
    for await (const set of setsIn(buffer, root, files))
      people.set(set.person, added(people.get(set.person), set, orders, buffer, now));
    const sorted = [...people.values()].sort((one, other) => Number(other.bytes - one.bytes));
    return { name, directory, fault: null, people: sorted, toGo, kept: await keptIn(register, buffer, root, files) };
  } catch (error) {
    if (codeOf(error) !== 'ROOT_UNAVAILABLE') throw error;
    return { name, directory, fault: messageOf(error), people: [], toGo, kept: [] };
  }
}

function goesAt({ provenAt }: SourceInBuffer, { permanent, removeAfterMs }: BufferSettings): Date | null {
  return permanent || removeAfterMs === null || !provenAt ? null : new Date(provenAt.getTime() + removeAfterMs);
}

function added(
  use: PersonUse | undefined,
  set: SetInBuffer,
  orders: readonly SourceInBuffer[],
  { lifetimeMs }: BufferSettings,
  now: Date,
): PersonUse {
  const { person, files, bytes, changedAt } = set;
  const of = orders.filter(({ source }) => isWithin(source, set.path) || isWithin(set.path, source));
  const isOverdue = of.length === 0 && lifetimeMs !== null && now.getTime() - changedAt.getTime() > lifetimeMs;
  return {
    person,
    sets: (use?.sets ?? 0) + 1,
    files: (use?.files ?? 0) + files,
    bytes: (use?.bytes ?? 0n) + bytes,
    oldest: use && use.oldest < changedAt ? use.oldest : changedAt,
    provenBytes: (use?.provenBytes ?? 0n) + provenIn(set, of),
    overdue: [...(use?.overdue ?? []), ...(isOverdue ? [set] : [])],
  };
}

/** An order may be of the whole set, of a directory that has the set, or of a part of it. */
function provenIn(set: SetInBuffer, orders: readonly SourceInBuffer[]): bigint {
  const done = orders.filter(({ state }) => state === 'done');
  if (done.some(({ source }) => isWithin(set.path, source))) return set.bytes;
  return done.reduce((sum, { bytes }) => sum + bytes, 0n);
}

async function keptIn(
  register: Register,
  buffer: BufferSettings,
  root: Root,
  files: Files,
): Promise<readonly KeptFiles[]> {
  if (!isWithin(Buffer.from(buffer.locks), Buffer.from(buffer.directory))) return [];
  const below = buffer.locks.slice(buffer.directory.length + 1);
  const names = await namesIn(root, below);
  const kept: KeptFiles[] = [];
  const ours = names.flatMap((name) => {
    const [, id, aside] = /^([1-9]\d{0,17})(?:-removed|(-kept-\d+))?$/.exec(name) ?? [];
    return id === undefined ? [] : [{ name, id: BigInt(id), aside: aside !== undefined }];
  });
  const ended = await register.imports.sources.ended(ours.map(({ id }) => id));
  for (const { name, id, aside } of ours) {
    // What belongs to an order under way is no leftover, unless it was set aside.
    if (!aside && !ended.includes(id)) continue;
    const sum = await files.summarize({ root: root.directory, path: Buffer.from(`${below}/${name}`) });
    if (sum.files > 0)
      kept.push({ orderId: id, directory: `${buffer.locks}/${name}`, files: sum.files, bytes: sum.bytes });
  }
  return kept;
}

async function namesIn(root: Root, path: string): Promise<readonly string[]> {
  try {
    const directory = await openDirectory(root, Buffer.from(path));
    try {
      return (await directory.names()).map(displayPath);
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
