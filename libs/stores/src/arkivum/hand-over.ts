import { codeOf, Refused, Transient, type TagFile, type Work } from '@coldroom/domain';
import { openDirectory, openRoot, readSmallFile, writeOnce, type Directory, type Root } from '@coldroom/files';
import { createHash } from 'node:crypto';
import { copyIn, sealedBag } from '../file/layout';
import type { ArkivumStoreSettings } from '../store-settings';
import type { Appliance } from './appliance';
import { checkClaim } from '../claim';
import type { Answer } from './client';
import { readOrder } from './file-info';
import { inParallel } from '../in-parallel';

/**
 * Beside the bags: one note for each bag that the appliance accepted. No other service or later start hands it over
 * again.
 */
const notesDirectory = '.handed-over';
const noteLimit = 65_536;

interface ToRelease {
  readonly path: Buffer;
  readonly size: bigint;
  readonly md5: string;
}

/** A sealed bag to hand over. */
export interface SealedBag {
  readonly bag: string;
  /** Its copies, with everything that is sent to the appliance about them. */
  readonly copies: readonly { readonly path: Buffer; readonly size: bigint; readonly md5: string }[];
  readonly tags: readonly TagFile[];
}

/**
 * Hands sealed bags to the appliance, and records on the mount that it did. After a crash between the two, a bag is
 * handed over once more: delivery is at least once. If the appliance does not know the bag's files yet, the bag is left
 * for the next call.
 */
export class HandOver {
  /** For bags that are partly handed over: the files that the appliance has accepted. */
  private readonly taken = new Map<string, Set<string>>();

  constructor(
    private readonly store: string,
    private readonly settings: ArkivumStoreSettings,
    private readonly appliance: Appliance,
  ) {}

  async run(sealed: SealedBag, work: Work): Promise<void> {
    if (!this.settings.release) return;
    const root = await openRoot(this.settings.mount, this.store);
    const note = await readNote(root, sealed.bag);
    if (note !== undefined) return this.checkAccepted(sealed.bag, note);
    const id =
      this.settings.api === 'v3' ? await this.releaseBag(sealed.bag, work) : await this.releaseFiles(sealed, work);
    if (id === undefined) return;
    checkClaim(work);
    await writeNote(root, sealed.bag, { api: this.settings.api, id });
    this.taken.delete(sealed.bag);
  }

  /** The request's id; undefined if it is too early. */
  private async releaseBag(bag: string, work: Work): Promise<string | undefined> {
    checkClaim(work);
    return this.accepted(await this.appliance.releaseBag(bag), bag);
  }

  private async releaseFiles({ bag, copies, tags }: SealedBag, work: Work): Promise<string | undefined> {
    const taken = this.taken.get(bag) ?? new Set<string>();
    this.taken.set(bag, taken);
    const files = [...copies.map((copy) => toRelease(bag, copy)), ...tags.map((tag) => tagToRelease(bag, tag))].filter(
      ({ path }) => !taken.has(path.toString('latin1')),
    );
    let early = false;
    await inParallel(files, this.settings.connections, async ({ path, size, md5 }) => {
      if (early) return;
      checkClaim(work);
      if (this.accepted(await this.appliance.release(path, size, md5), bag) === undefined) early = true;
      else taken.add(path.toString('latin1'));
    });
    return early ? undefined : '';
  }

  /** The answer to a hand-over: an id, or undefined if the appliance does not know the path yet. */
  private accepted(answer: Answer, bag: string): string | undefined {
    if (answer.status === 404) return undefined;
    const order = answer.status === 200 || answer.status === 202 ? readOrder(answer) : undefined;
    if (order) return order.id;
    throw new Transient(
      'HAND_OVER_FAILED',
      `The appliance of store ${this.store} did not take bag ${bag}: it answered HTTP ${answer.status}${answer.status < 300 ? ' without an id' : ''}.`,
      { store: this.store, bag, status: answer.status },
    );
  }

  /** A bag that the appliance found invalid is reported at once. Any other answer decides nothing: fileInfo does. */
  private async checkAccepted(bag: string, note: string): Promise<void> {
    const { api, id } = parseNote(note, bag);
    if (api !== 'v3') return;
    const answer = await this.appliance.bagStatus(id);
    const order = answer.status === 200 ? readOrder(answer) : undefined;
    if (order?.status?.toLowerCase() !== 'failed') return;
    const named = order.failures.slice(0, 3).join('; ') || 'it gives no reason';
    throw new Refused(
      'INGEST_FAILED',
      `The appliance of store ${this.store} found bag ${bag} wrong: ${named}${order.failures.length > 3 ? ` and ${order.failures.length - 3} more` : ''}.`,
      { store: this.store, bag, failures: order.failures.slice(0, 10) },
    );
  }
}

function toRelease(bag: string, { path, size, md5 }: SealedBag['copies'][number]): ToRelease {
  return { path: copyIn(sealedBag(bag), path), size, md5 };
}

function tagToRelease(bag: string, { name, content }: TagFile): ToRelease {
  return {
    path: Buffer.concat([sealedBag(bag), Buffer.from(`/${name}`)]),
    size: BigInt(content.length),
    md5: createHash('md5').update(content).digest('hex'),
  };
}

async function readNote(root: Root, bag: string): Promise<string | undefined> {
  try {
    return await within(root, false, async (notes) =>
      (await readSmallFile(notes, Buffer.from(bag), noteLimit)).toString('utf8'),
    );
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeNote(root: Root, bag: string, note: { readonly api: string; readonly id: string }): Promise<void> {
  await within(root, true, (notes) =>
    writeOnce(notes, Buffer.from(bag), Buffer.from(`${JSON.stringify(note)}\n`)),
  ).catch((error: unknown) => {
    // Another worker, whose claim ran out in the middle, was faster: the bag is handed over all the same.
    if (codeOf(error) !== 'TARGET_EXISTS') throw error;
  });
}

async function within<T>(root: Root, create: boolean, act: (notes: Directory) => Promise<T>): Promise<T> {
  const notes = await openDirectory(root, Buffer.from(notesDirectory), { create });
  try {
    return await act(notes);
  } finally {
    await notes.close();
  }
}

function parseNote(text: string, bag: string): { readonly api: string; readonly id: string } {
  try {
    const { api, id } = JSON.parse(text) as Record<string, unknown>;
    if (typeof api === 'string' && typeof id === 'string' && /^[A-Za-z0-9-]*$/.test(id)) return { api, id };
  } catch {
    // reported below
  }
  throw new Refused('NOTE_NOT_UNDERSTOOD', `The note ${notesDirectory}/${bag} on the mount is not one of ours.`, {
    bag,
  });
}
