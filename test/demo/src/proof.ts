import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Register } from '@coldroom/register';
import type { Layout } from './layout';
import { marksInOmero, strangeChanges } from './omero-state';
import type { DemoStore } from './store-kinds';
import { readTree, sha256, walk, type Entry } from './tree';

const run = promisify(execFile);

/** Hidden directories, and what other software keeps in the directory of a store, have no such name. */
const bagName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** States of files whose bag need not be sealed; stuck files may have been set aside before that. */
const beforeSeal: ReadonlySet<string> = new Set([
  ...['registered', 'skipped', 'declined', 'approved', 'hashed', 'copied', 'verified', 'stuck', 'abandoned'],
]);

type Place = Pick<Layout, 'omero' | 'before'>;
type Bags = Pick<DemoStore, 'links' | 'bags'>;

export interface Proven {
  readonly paths: number;
  readonly links: number;
  readonly bags: number;
  /** Bags that are not sealed yet: nothing is proven of them, and their originals are in place. */
  readonly openBags: number;
  readonly images: number;
  readonly faults: readonly string[];
}

/** Compares everything with the state before, and trusts no report of a service. */
export async function prove(layout: Place, store: Bags, omeroUrl: string, register: Register): Promise<Proven> {
  const tree = await proveTree(layout, store, await restoredPaths(register));
  const bags = await proveBags(await store.bags(), await sealedBags(register));
  const marks = await proveMarks(omeroUrl, register);
  return {
    paths: tree.paths,
    links: tree.links,
    bags: bags.count,
    openBags: bags.open,
    images: marks.images,
    faults: [...tree.faults, ...bags.faults, ...marks.faults, ...(await strangeChanges(omeroUrl))],
  };
}

/** As `Entry` has them. */
async function restoredPaths(register: Register): Promise<ReadonlySet<string>> {
  const files = await register.reports.files({ states: ['restored'], limit: 100_000 });
  return new Set(files.map(({ root, path }) => Buffer.from(`${root}/${path}`).toString('base64')));
}

/** Every path reads the same bytes as before; only links of ours replaced files, and nothing was added. */
async function proveTree(
  layout: Place,
  store: Bags,
  restored: ReadonlySet<string>,
): Promise<{ paths: number; links: number; faults: readonly string[] }> {
  const faults: string[] = [];
  const known = new Map<string, Entry>();
  for await (const entry of readTree(layout.before)) known.set(entry.path, entry);
  let links = 0;
  for await (const now of walk(layout.omero)) {
    const before = known.get(now.path);
    known.delete(now.path);
    const shown = Buffer.from(now.path, 'base64').toString();
    if (!before) faults.push(`${shown} was not there before`);
    else if (before.kind === 'file' && now.kind === 'link') {
      links += 1;
      faults.push(...(await faultsOfLink(layout, store, shown, now, before)));
    } else faults.push(...differences(before, now, restored.has(now.path)).map((what) => `${shown}: ${what} changed`));
  }
  for (const gone of known.keys()) faults.push(`${Buffer.from(gone, 'base64').toString()} is gone`);
  return { paths: await countOf(readTree(layout.before)), links, faults };
}

async function faultsOfLink(layout: Place, store: Bags, shown: string, now: Entry, before: Entry): Promise<string[]> {
  const path = Buffer.concat([Buffer.from(`${layout.omero}/`), Buffer.from(now.path, 'base64')]);
  const target = (await readlink(path, { encoding: 'buffer' })).toString();
  if (!target.startsWith(`${store.links}/`)) return [`${shown} links to ${target}, outside the store`];
  const bytes = await sha256(path).catch((error: Error) => error.message);
  return bytes === before.sha256 ? [] : [`${shown} does not read the bytes it had: ${bytes}`];
}

/**
 * Directories get a new time and size when a link is made in them; files must not change at all, but for the inode of
 * those that were restored.
 */
function differences(before: Entry, now: Entry, restored: boolean): readonly string[] {
  const compared =
    now.kind === 'directory'
      ? (['kind', 'inode', 'mode', 'uid', 'gid'] as const)
      : (['kind', 'inode', 'size', 'mtimeNs', 'mode', 'uid', 'gid', 'sha256', 'target'] as const);
  return compared.filter((key) => before[key] !== now[key] && !(restored && key === 'inode'));
}

/** Bags of which the register says that they are sealed. */
async function sealedBags(register: Register): Promise<ReadonlySet<string>> {
  const files = await register.reports.files({ limit: 100_000 });
  return new Set(files.filter(({ state }) => !beforeSeal.has(state)).map(({ bag }) => bag ?? ''));
}

/**
 * `sha256sum`, which is independent of us, finds every sealed bag intact. A bucket shows open bags, too; one that the
 * register calls sealed must be.
 */
export async function proveBags(
  directory: string,
  mustBeSealed: ReadonlySet<string>,
): Promise<{ count: number; open: number; faults: readonly string[] }> {
  const faults: string[] = [];
  let [count, open] = [0, 0];
  for await (const found of await opendir(directory)) {
    if (!found.isDirectory() || !bagName.test(found.name)) continue; // `lost+found` is no bag
    const bag = join(directory, found.name);
    if (!existsSync(join(bag, 'tagmanifest-sha256.txt')) && !mustBeSealed.has(found.name)) {
      open += 1;
      continue;
    }
    count += 1;
    // Manifests follow RFC 8493; where sha256sum reads names in another way, the bag has a list for it.
    const payload = existsSync(join(bag, 'sha256sum.txt')) ? 'sha256sum.txt' : 'manifest-sha256.txt';
    for (const list of [payload, 'tagmanifest-sha256.txt']) {
      await run('sha256sum', ['--check', '--strict', '--quiet', list], { cwd: bag }).catch(
        (error: Error & { stderr?: string }) =>
          faults.push(`bag ${found.name}: ${list}: ${error.stderr ?? error.message}`),
      );
    }
  }
  return { count, open, faults };
}

async function proveMarks(
  omeroUrl: string,
  register: Register,
): Promise<{ images: number; faults: readonly string[] }> {
  const faults: string[] = [];
  const inOmero = await marksInOmero(omeroUrl);
  const unwritten = new Set((await register.marks.pending(100_000)).map(({ imageId }) => imageId));
  const wanted = (await register.marks.all()).filter(({ imageId }) => !unwritten.has(imageId));
  const archived = new Set(wanted.filter((mark) => mark.wanted === 'archived').map((mark) => String(mark.imageId)));
  const pending = new Set(wanted.filter((mark) => mark.wanted === 'pending').map((mark) => String(mark.imageId)));
  const compare = (what: string, want: ReadonlySet<string>, found: ReadonlySet<string>): void => {
    const have = new Set([...found].filter((id) => !unwritten.has(BigInt(id))));
    for (const id of want) if (!have.has(id)) faults.push(`Image:${id} should be ${what} in OMERO and is not`);
    for (const id of have) if (!want.has(id)) faults.push(`Image:${id} is ${what} in OMERO and should not be`);
  };
  compare('marked ARCHIVED', archived, inOmero.archived);
  compare('marked ARCHIVE-PENDING', pending, inOmero.pending);
  for (const id of inOmero.flag) if (!archived.has(id)) faults.push(`Image:${id} has image.archived and should not`);
  return { images: archived.size, faults };
}

async function countOf(entries: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const entry of entries) if (entry) count += 1;
  return count;
}
