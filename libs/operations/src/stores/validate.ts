import { randomBytes } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, messageOf, Refused, type Store } from '@coldroom/domain';
import { onlyRead, validateStore, type PromiseFinding } from '@coldroom/stores';
import { unclaimed, type StorePlaces } from './open';

export interface ValidationPlan {
  readonly store: Store;
  /** The bag that stays in the store permanently. */
  readonly bag: string;
}

/** What is in the store afterwards. */
export type Remainder =
  | { readonly kind: 'sealed'; readonly at: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Validation {
  readonly findings: readonly PromiseFinding[];
  readonly broken: number;
  readonly remainder: Remainder;
}

/** `Refused` `STORE_UNKNOWN` if the settings do not name the store, `STORE_ONLY_READ` if nothing may be written to it. */
export function planValidation({ stores }: StorePlaces, name: string): ValidationPlan {
  const store = stores.get(name);
  if (store.isOnlyRead) throw onlyRead(name);
  return { store, bag: `validate-${randomBytes(8).toString('hex')}` };
}

/** Tries whether the store keeps what Coldroom relies on, with about 5 MB of random files; yields each finding. */
export async function* validate({ store, bag }: ValidationPlan): AsyncGenerator<PromiseFinding, Validation> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'coldroom-validate-'));
  const findings: PromiseFinding[] = [];
  try {
    for await (const finding of validateStore(store, bag, directory.path, unclaimed())) {
      findings.push(finding);
      yield finding;
    }
  } finally {
    await directory.remove();
  }
  const broken = findings.filter(({ outcome }) => outcome === 'broken').length;
  return { findings, broken, remainder: await remainderOf(store, bag) };
}

async function remainderOf(store: Store, bag: string): Promise<Remainder> {
  try {
    for await (const each of store.bags()) if (each === bag) return { kind: 'sealed', at: placeOf(store, bag) };
    return { kind: 'open' };
  } catch (error) {
    if (!(error instanceof Refused) && codeOf(error) === 'UNKNOWN') throw error;
    return { kind: 'unknown', reason: messageOf(error) };
  }
}

/** As a link would name it; where links lead elsewhere, the store knows the bag by its name. */
function placeOf(store: Store, bag: string): string {
  if (store.recallRoot !== undefined) return `its bag "${bag}"`;
  return store
    .linkTarget(bag, Buffer.from('x'))
    .toString()
    .replace(/\/data\/x$/, '');
}
