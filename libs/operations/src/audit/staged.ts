import type { FileState, Store } from '@coldroom/domain';
import { displayPath, identify, type Root } from '@coldroom/files';
import type { HeldFile } from '@coldroom/register';
import { copyPlace, entriesOfBags, inBatches, stagingName, type BagEntry } from './listing';
import type { DiscrepancyCode } from './report';
import type { Scope } from './scope';

/**
 * In these states an original may be held: before the link is in place, until it is released, and while its file is
 * fetched.
 */
const holding: readonly FileState[] = [
  'sealed',
  'linked',
  'undoing',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
  'moving',
  'moveCopied',
  'moveVerified',
  'moveSealed',
];
const fetching: readonly FileState[] = ['retrieving', 'online', 'fetched', 'fetchVerified', 'undoing'];

/** What a cancelled move has left stays until the linker's next turn. */
const moving: readonly FileState[] = ['moving', 'moveCopied', 'moveVerified', 'moveSealed'];

/** Files in hold directories that no file of the register accounts for. */
export async function auditHeld(scope: Scope): Promise<void> {
  for (const hold of scope.places.holds) {
    const root = await scope.hold(hold);
    if (root) await auditNumbered(scope, root, { part: `hold directory ${hold}`, prefix: '', code: 'HELD_ORPHAN' });
  }
}

/** Files in recall directories that no recalled file accounts for, including files being fetched. */
export async function auditRecallDirectories(scope: Scope): Promise<void> {
  for (const store of scope.wantedStores()) {
    const root = store.recallRoot === undefined ? undefined : await scope.recallRoot(store);
    if (!root) continue;
    const part = `recall directory of store ${store.name}`;
    await auditRecalled(scope, root, part, store);
    if (await scope.look(part, async () => (await identify(`${root.directory}/${stagingName}`)) !== null)) {
      await auditNumbered(scope, root, { part, prefix: `${stagingName}/`, code: 'RECALLED_COPY_ORPHAN' });
    }
  }
}

interface Numbered {
  readonly part: string;
  readonly prefix: string;
  readonly code: 'HELD_ORPHAN' | 'RECALLED_COPY_ORPHAN';
}

/** Files named by their number in the register: held originals and fetched files. */
async function auditNumbered(scope: Scope, root: Root, { part, prefix, code }: Numbered): Promise<void> {
  for await (const entries of inBatches(scope, part, entriesOfBags(root, prefix))) {
    const bags = await scope.register.audit.bagsNamed(entries.flatMap(({ bag }) => (bag === null ? [] : [bag])));
    const files = await scope.register.audit.filesNumbered(entries.flatMap(({ inBag }) => numberOf(inBag)?.id ?? []));
    const left = entries.filter((entry) => !isAccountedFor(entry, files, code) && isWanted(scope, entry, bags));
    await addThoseStillThere(scope, root, part, left, code, (entry) => {
      const file = files.get(numberOf(entry.inBag)?.id ?? -1n);
      return file ? `the file is ${file.stand}` : 'no such file in the register';
    });
    scope.report.looked.held += entries.length;
    scope.options.progress();
  }
}

/** If a store is named, only what is known to belong to that store. */
function isWanted(scope: Scope, { bag }: BagEntry, bags: ReadonlyMap<string, { readonly store: string }>): boolean {
  return scope.options.store === undefined || (bag !== null && bags.get(bag)?.store === scope.options.store);
}

function isAccountedFor(
  { bag, inBag }: BagEntry,
  files: ReadonlyMap<bigint, HeldFile>,
  code: Numbered['code'],
): boolean {
  const number = numberOf(inBag);
  const file = number && files.get(number.id);
  if (!file || file.bag !== bag) return false;
  if (code === 'RECALLED_COPY_ORPHAN') return !number.fetched && !number.moving && mayBeFetched(file, 'recall');
  if (number.moving) return file.stand === 'linked' || moving.includes(file.stand);
  return number.fetched ? mayBeFetched(file, 'restore') : holding.includes(file.stand);
}

/** What a cancelled or undone retrieval has fetched stays until the linker's next turn. */
function mayBeFetched({ stand, retrieval }: HeldFile, way: HeldFile['retrieval']): boolean {
  return stand === 'linked' || stand === 'recalled' || (retrieval === way && fetching.includes(stand));
}

/** `12` is held, `12.fetched` was fetched for a restore, `12.moving` is on its way to another store. */
function numberOf(
  name: Buffer,
): { readonly id: bigint; readonly fetched: boolean; readonly moving: boolean } | undefined {
  const [, digits, fate] = /^([1-9]\d{0,17})(\.fetched|\.moving)?$/.exec(name.toString('latin1')) ?? [];
  return digits === undefined
    ? undefined
    : { id: BigInt(digits), fetched: fate === '.fetched', moving: fate === '.moving' };
}

async function auditRecalled(scope: Scope, root: Root, part: string, store: Store): Promise<void> {
  for await (const entries of inBatches(scope, part, entriesOfBags(root))) {
    const known = new Set<BagEntry>();
    for (const [bag, some] of Map.groupBy(entries, (entry) => entry.bag)) {
      const places = some.flatMap((entry) => {
        const place = entry.inBag.subarray(0, data.length).equals(data)
          ? copyPlace(entry.inBag.subarray(data.length))
          : undefined;
        return place ? [{ ...place, entry }] : [];
      });
      if (bag === null || places.length === 0) continue;
      const accounted = await scope.register.audit.recalledKnown(bag, places);
      places.forEach(({ entry }, index) => {
        if (accounted.has(index)) known.add(entry);
      });
    }
    await addThoseStillThere(
      scope,
      root,
      part,
      entries.filter((entry) => !known.has(entry)),
      'RECALLED_COPY_ORPHAN',
      () => `no recalled file of store ${store.name} has it`,
    );
    scope.report.looked.online += entries.length;
    scope.options.progress();
  }
}

const data = Buffer.from('data/');

/** A service may have removed it and then recorded that in the register between the two looks. */
async function addThoseStillThere(
  scope: Scope,
  root: Root,
  part: string,
  entries: readonly BagEntry[],
  code: Extract<DiscrepancyCode, 'HELD_ORPHAN' | 'RECALLED_COPY_ORPHAN'>,
  found: (entry: BagEntry) => string,
): Promise<void> {
  for (const entry of entries) {
    const there = await scope.look(part, () =>
      identify(Buffer.concat([Buffer.from(`${root.directory}/`), entry.path])),
    );
    if (!there) continue;
    const path = displayPath(entry.path);
    scope.report.add({
      code,
      object: `${root.directory}/${path}`,
      ...(entry.bag === null ? {} : { bag: entry.bag }),
      expected:
        code === 'HELD_ORPHAN'
          ? 'only originals that are held, and what is being fetched'
          : 'only recalled copies, and what is being fetched',
      found: `${there.size} bytes: ${found(entry)}`,
      remedy:
        code === 'HELD_ORPHAN'
          ? 'it may be the only copy of something: find its SHA-256 in the manifest of its bag, or keep it; nothing here removes it'
          : 'it may be the last good copy: remove it only after "coldroom verify" called the copy in its bag good, and once no one reads it; nothing here removes it',
    });
  }
}
