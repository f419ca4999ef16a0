import { seenBy, type Imports } from '@coldroom/buffers';
import { codeOf } from '@coldroom/domain';
import { displayPath, identify, markerName, openDirectory, typeOf } from '@coldroom/files';
import type { Reviewer } from '../requests/review';
import { may } from '../rights/rights';

/** What someone may order, or look into. */
export interface BrowsedEntry {
  readonly name: string;
  /** Absolute; null for a name that is not UTF-8, which OMERO cannot import. */
  readonly path: string | null;
  readonly kind: 'file' | 'directory';
  /** Of a file. */
  readonly size: bigint | null;
  readonly changedAt: Date;
}

export interface Browsed {
  /** The directory that was looked into; null for the places to start from. */
  readonly path: string | null;
  readonly entries: readonly BrowsedEntry[];
  /** More than are listed. */
  readonly more: number;
}

const mostEntries = 1000;

/**
 * The content of a directory in a buffer, directories first; without a path the directories to start from. Only what the
 * actor may import from is shown. `Refused` as `Imports.resolveDirectory`.
 */
export async function browse(reviewer: Reviewer, imports: Imports, path: string | undefined): Promise<Browsed> {
  const { actor, policy } = reviewer;
  const seesAll = may(actor.roles, 'import', ['other'], policy);
  const login = actor.personId === null ? '' : actor.name;
  if (path === undefined) return starts(imports, login, seesAll);
  const seen = await imports.resolveDirectory(Buffer.from(path), login, seesAll);
  const directory = await openDirectory(seen.root, seen.below);
  try {
    const names = (await directory.names()).filter((name) => !isOurs(name)).toSorted(Buffer.compare);
    const entries: BrowsedEntry[] = [];
    for (const name of names.slice(0, mostEntries)) {
      const identity = await identify(directory.at(name));
      const kind = identity && typeOf(identity.mode);
      if (kind !== 'file' && kind !== 'directory') continue;
      const whole = Buffer.concat([seen.path, Buffer.from('/'), name]);
      entries.push({
        name: displayPath(name),
        path: whole.equals(Buffer.from(whole.toString())) ? whole.toString() : null,
        kind,
        size: kind === 'file' ? identity!.size : null,
        changedAt: new Date(Number(identity!.mtimeNs / 1_000_000n)),
      });
    }
    const directoriesFirst = entries.toSorted((a, b) => a.kind.localeCompare(b.kind));
    return { path: seen.path.toString(), entries: directoriesFirst, more: Math.max(names.length - mostEntries, 0) };
  } finally {
    await directory.close();
  }
}

/** A buffer that is not mounted, and a directory that is not there, are left out. */
async function starts(imports: Imports, login: string, seesAll: boolean): Promise<Browsed> {
  const entries: BrowsedEntry[] = [];
  for (const buffer of imports.buffers)
    for (const below of seesAll ? [Buffer.alloc(0)] : seenBy(login, buffer)) {
      const path = below.length === 0 ? buffer.directory : `${buffer.directory}/${below.toString()}`;
      try {
        await imports.resolveDirectory(Buffer.from(path), login, seesAll);
        const identity = await identify(path);
        if (!identity) continue;
        const changedAt = new Date(Number(identity.mtimeNs / 1_000_000n));
        entries.push({ name: path, path, kind: 'directory', size: null, changedAt });
      } catch (error) {
        if (!['IMPORT_SOURCE_GONE', 'ROOT_UNAVAILABLE'].includes(codeOf(error))) throw error;
      }
    }
  return { path: null, entries, more: 0 };
}

/** Our marker, and the directory of locks at its usual place. */
const isOurs = (name: Buffer): boolean =>
  name.equals(Buffer.from(markerName)) || name.equals(Buffer.from('.coldroom-locks'));
