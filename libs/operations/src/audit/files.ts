import { codeOf, copyPath, Refused, type Store } from '@coldroom/domain';
import { dropLink, identify } from '@coldroom/files';
import type { AuditedFile, Page } from '@coldroom/register';
import { byRoot, follow, lookAtPaths, type AtPath, type Reached } from './at-path';
import type { Copy, Seen } from './finding';
import { hasCopy, hasLink, isGivenBack, judge, judgeCopy, needsOmero } from './judge';
import { Openings } from './opening';
import { omeroPart, storePart, type Scope } from './scope';

/** Checks every file whose location the register knows: its copy, its path and OMERO's rows, one page at a time. */
export async function auditFiles(scope: Scope): Promise<void> {
  const openings = new Openings(scope);
  for (let after: bigint | undefined = 0n; after !== undefined;) {
    const page: Page<AuditedFile, bigint> = await scope.register.audit.files(after, { store: scope.options.store });
    after = page.next;
    if (page.rows.length > 0) await auditPage(scope, page.rows, openings);
    scope.report.looked.files += page.rows.length;
    scope.options.progress();
  }
}

/**
 * The register is read before and after, because the services keep working. A file's state determines what must be on
 * disk only if it was the same both times. The paths are read before the store, so that a store which becomes
 * unavailable in between does not make its links look broken.
 */
async function auditPage(scope: Scope, page: readonly AuditedFile[], openings: Openings): Promise<void> {
  const at = await pathsOf(
    scope,
    page.filter((file) => hasLink(file) || isGivenBack(file)),
  );
  const reached = await targetsOf(scope, page.filter(hasLink), at);
  const copies = await copiesOf(scope, page.filter(hasCopy));
  const omero = await omeroFactsOf(
    scope,
    page.filter((file) => hasLink(file) || isGivenBack(file)),
  );
  const notOpened = await openings.findings(page);
  const found = [];
  for (const file of page) {
    const seen: Seen = {
      at: at.get(file.id),
      reached: reached.get(file.id),
      copy: copies.get(file.id),
      store: storeOf(scope, file),
      omero: omero.get(file.id),
    };
    if (needsOmero(file, seen))
      scope.report.notLookedAt(
        'originals that were given back',
        'whether OMERO deleted them is unknown without its database',
        1,
      );
    const held = judgeCopy(file, seen).length > 0 ? await isHeld(scope, file) : undefined;
    const opening = notOpened.get(file.id);
    const findings = [...judge(file, { ...seen, held }), ...(opening ? [opening] : [])];
    if (findings.length > 0) found.push({ file, findings });
  }
  if (found.length === 0) return;
  const turns = await scope.register.audit.turns(found.map(({ file }) => file.id));
  for (const { file, findings } of found)
    if (turns.get(file.id) === file.turn) {
      findings.forEach((finding) => scope.report.add(finding));
      if (scope.options.fix && findings.some(({ code }) => code === 'LINK_LEFT')) await dropLeft(scope, file);
    }
}

/** Removes our link, and nothing else. */
async function dropLeft(scope: Scope, file: AuditedFile): Promise<void> {
  const [root, store] = [await scope.originals(file.root), storeOf(scope, file)];
  // A question that OMERO did not answer looks like an image that it does not have.
  if (!root || !store || scope.isUnavailable(omeroPart)) return;
  try {
    await dropLink(root, file.path, store.linkTarget(file.bag, copyPath(file)));
    scope.report.repaired('LINK_LEFT', 1);
  } catch (error) {
    scope.report.notLookedAt('links of deleted images, which could not be removed', error, 1);
  }
}

async function pathsOf(scope: Scope, files: readonly AuditedFile[]): Promise<ReadonlyMap<bigint, AtPath>> {
  const all = new Map<bigint, AtPath>();
  for (const [name, some] of byRoot(files)) {
    const root = await scope.originals(name);
    const found = root && (await scope.look(name, () => lookAtPaths(scope.places.files, root.directory, some)));
    // A file is not missing if its disk was unmounted in the meantime.
    if (!found || !(await scope.originals(name))) continue;
    for (const [id, at] of found) {
      all.set(id, at);
      if (at.kind === 'unseen') scope.report.notLookedAt(`paths in ${name}`, at.error, 1);
    }
  }
  return all;
}

/** Follows only Coldroom's links, and into a recall directory only where a file should be there. */
async function targetsOf(
  scope: Scope,
  files: readonly AuditedFile[],
  at: ReadonlyMap<bigint, AtPath>,
): Promise<ReadonlyMap<bigint, Reached>> {
  const wanted: { readonly id: bigint; readonly store: Store; readonly target: Buffer }[] = [];
  for (const file of files) {
    const [store, found] = [storeOf(scope, file), at.get(file.id)];
    if (
      !store ||
      found?.kind !== 'link' ||
      (store.recallRoot !== undefined && (!file.isOnline || !(await scope.recallRoot(store))))
    )
      continue;
    if (found.target.equals(store.linkTarget(file.bag, copyPath(file))))
      wanted.push({ id: file.id, store, target: found.target });
  }
  const reached = await follow(wanted.map(({ target }) => target));
  for (const [index, { store }] of wanted.entries()) {
    const one = reached[index] as Reached;
    if (one.kind === 'unseen' && !scope.isUnavailable(storePart(store)))
      scope.report.notLookedAt(`links into store ${store.name}`, one.error, 1);
  }
  const there = new Map(wanted.map(({ id }, index) => [id, reached[index] as Reached]));
  for (const store of new Set(wanted.map((one) => one.store))) {
    if (store.recallRoot === undefined || (await scope.recallRoot(store))) continue;
    for (const one of wanted) if (one.store === store) there.delete(one.id);
  }
  return there;
}

async function copiesOf(scope: Scope, files: readonly AuditedFile[]): Promise<ReadonlyMap<bigint, Copy>> {
  const all = new Map<bigint, Copy>();
  for (const some of Map.groupBy(files, (file) => file.bag).values()) {
    const [{ bag, store: name }] = some as [AuditedFile];
    const store = scope.store(name);
    if (!store) continue;
    const copies = await statAll(scope, store, bag, some);
    some.forEach((file, index) => all.set(file.id, copies[index] as Copy));
  }
  return all;
}

async function statAll(
  scope: Scope,
  store: Store,
  bag: string,
  files: readonly AuditedFile[],
): Promise<readonly Copy[]> {
  try {
    return (await store.stat(bag, files.map(copyPath))).map((status) => status ?? 'missing');
  } catch (error) {
    if (error instanceof Refused && files.length > 1) {
      // One of them makes the whole call fail.
      const single: Copy[] = [];
      for (const file of files) single.push(...(await statAll(scope, store, bag, [file])));
      return single;
    }
    if (['NOT_A_REGULAR_FILE', 'PARENT_NOT_A_DIRECTORY'].includes(codeOf(error))) return ['other'];
    if (codeOf(error) === 'STORE_UNAVAILABLE') scope.setUnavailable(storePart(store), error);
    else scope.report.notLookedAt(`copies in store ${store.name}`, error, files.length);
    return files.map(() => 'unseen');
  }
}

async function omeroFactsOf(
  scope: Scope,
  files: readonly AuditedFile[],
): Promise<ReadonlyMap<bigint, NonNullable<Seen['omero']>>> {
  const known = files.filter((file) => file.originalFileId !== null || file.pixelsId !== null);
  const ids = (pick: (file: AuditedFile) => bigint | null): bigint[] => [
    ...new Set(known.map(pick).filter((id) => id !== null)),
  ];
  const facts =
    known.length === 0
      ? undefined
      : await scope.look(omeroPart, () =>
          scope.places.omero.fileFacts(
            ids((file) => file.originalFileId),
            ids((file) => file.pixelsId),
          ),
        );
  if (!facts) return new Map();
  const exists = (file: AuditedFile): boolean =>
    file.originalFileId !== null ? facts.originals.has(file.originalFileId) : facts.pixels.has(file.pixelsId as bigint);
  const living = await livingFilesets(
    scope,
    known.filter((file) => hasLink(file) && !exists(file)),
  );
  return (
    living &&
    new Map(
      known.map((file) => [
        file.id,
        {
          exists: exists(file),
          size: file.originalFileId === null ? null : (facts.originals.get(file.originalFileId) ?? null),
          imageExists: living.has(filesetKey(file)),
        },
      ]),
    )
  );
}

const filesetKey = (file: AuditedFile): string => `${file.requestId} ${file.fileset}`;

/** The filesets of these files that still have an image in OMERO. */
async function livingFilesets(scope: Scope, files: readonly AuditedFile[]): Promise<ReadonlySet<string>> {
  const living = new Set<string>();
  for (const [requestId, some] of Map.groupBy(files, (file) => file.requestId)) {
    const images = await scope.register.claims.imagesOf(requestId, [...new Set(some.map((file) => file.fileset))]);
    for (const [fileset, ids] of images) {
      const facts = await scope.look(omeroPart, () => scope.places.omero.imageFacts(ids));
      if (facts && facts.size > 0) living.add(`${requestId} ${fileset}`);
    }
  }
  return living;
}

/** False only if every hold directory could be read. */
async function isHeld(scope: Scope, { bag, id }: AuditedFile): Promise<boolean | undefined> {
  let all = true;
  for (const hold of scope.places.holds) {
    const root = await scope.hold(hold);
    const found =
      root &&
      (await scope.look(`hold directory ${hold}`, async () => ({
        held: (await identify(`${root.directory}/${bag}/${id}`)) !== null,
      })));
    if (found?.held) return true;
    all &&= found !== undefined;
  }
  return all ? false : undefined;
}

function storeOf(scope: Scope, file: AuditedFile): Store | undefined {
  return scope.places.stores.find((store) => store.name === file.store);
}
