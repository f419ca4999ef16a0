import { codeOf, type Store } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { KnownBag } from '@coldroom/register';
import { foreignEntries } from '../foreign-entries';
import { copyPlace, inBatches } from './listing';
import { storePart, type Scope } from './scope';

/** Bags left behind by a trial of a store. */
const trialBag = /^validate-/;
const copiesAtOnce = 1000;

/**
 * Sealed bags and copies in the stores that the register does not know. The register always knows a bag before the
 * store does.
 */
export async function auditBags(scope: Scope): Promise<void> {
  for (const store of scope.wantedStores()) {
    for await (const names of inBatches(scope, storePart(store), bagsOf(store))) {
      const known = await scope.register.audit.bagsNamed(names);
      for (const name of names) await auditBag(scope, store, name, known.get(name));
    }
    if (store.unprotected) scope.report.unprotected.push(store.name);
    const foreign = await scope.look(storePart(store), () => foreignEntries(store));
    if (foreign && foreign.count > 0) scope.report.foreign.push(foreign);
  }
}

/** `bags()` itself may throw; the error is then reported like any other error of the listing. */
async function* bagsOf(store: Store): AsyncGenerator<string> {
  yield* store.bags();
}

async function auditBag(scope: Scope, store: Store, name: string, known: KnownBag | undefined): Promise<void> {
  const { report } = scope;
  if (!known && trialBag.test(name)) {
    report.looked.trialBags += 1;
    return;
  }
  report.looked.bags += 1;
  scope.options.progress();
  const remedy =
    'it is left alone; its omero.jsonl tells what it holds. Was an older register put back, or does another Coldroom write to this store?';
  if (known && known.store !== store.name && known.alsoIn.includes(store.name)) return; // a move deletes nothing
  if (known?.store !== store.name) {
    report.add({
      code: 'DARK_BAG',
      object: `bag ${name}`,
      bag: name,
      expected: `a bag of store ${store.name} in the register`,
      found: known ? `the register has it in store ${known.store}` : 'no such bag',
      remedy,
    });
    return;
  }
  const copies = await copiesIn(scope, store, name);
  for (let start = 0; start < copies.length; start += copiesAtOnce) {
    const some = copies.slice(start, start + copiesAtOnce).map((copy) => ({ ...copy, place: copyPlace(copy.path) }));
    const ours = some.flatMap(({ place }) => (place ? [place] : []));
    const accounted = await scope.register.audit.copiesKnown(known, ours);
    const isKnown = new Set(ours.filter((_, index) => accounted.has(index)));
    for (const { path, size, place } of some) {
      if (place && isKnown.has(place)) continue;
      report.add({
        code: 'DARK_COPY',
        object: `bag ${name}`,
        bag: name,
        path: displayPath(path),
        expected: 'only copies of files of its request',
        found: `a copy of ${size} bytes that no file of the register has`,
        remedy: 'find out who put it there; a sealed bag never changes',
      });
    }
  }
}

async function copiesIn(scope: Scope, store: Store, bag: string): Promise<Awaited<ReturnType<Store['list']>>> {
  if (scope.isUnavailable(storePart(store))) return [];
  try {
    return await store.list(bag);
  } catch (error) {
    if (codeOf(error) === 'STORE_UNAVAILABLE') scope.setUnavailable(storePart(store), error);
    else scope.report.notLookedAt(`bags in store ${store.name}`, error, 1);
    return [];
  }
}
