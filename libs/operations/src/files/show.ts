import type { Refused } from '@coldroom/domain';
import type { EventListing, FileListing, Register } from '@coldroom/register';
import { notFound } from '../failure';
import { nextStep } from '../next-steps';
import { commandsFor } from '../stuck';

const eventLimit = 200;

export interface FileCopy {
  readonly store: string;
  readonly bag: string;
  /** Below the bag. */
  readonly path: string;
  /** As the state shows; while a bag is open a copy may still be replaced. */
  readonly sealed: boolean;
}

export interface FileDetails {
  readonly file: FileListing;
  /** Null if no copy counts. */
  readonly copy: FileCopy | null;
  readonly help: { readonly next: string; readonly commands: readonly string[] } | null;
  /** The newest first. */
  readonly events: readonly EventListing[];
}

const sealedStates: readonly string[] = ['sealed', 'undoing', 'undone', 'linked', 'released'];
const openStates: readonly string[] = ['copied', 'verified'];

/** `Refused` `NO_SUCH_FILE` if the register does not know it. */
export async function fileDetails({ reports }: Register, id: bigint): Promise<FileDetails> {
  const file = await reports.file(id);
  if (!file) throw noSuchFile(id);
  return { file, copy: copyOf(file), help: helpFor(file), events: await reports.events({ fileId: id }, eventLimit) };
}

export function noSuchFile(id: bigint): Refused {
  return notFound(
    `file ${id}`,
    'NO_SUCH_FILE',
    '"coldroom files list" shows them; mind that these are numbers of the register, not of OMERO',
  );
}

/** Where its copy is, if one counts. */
export function copyOf({ state, stuckFrom, store, bag, root, path }: FileListing): FileCopy | null {
  const at = stuckFrom ?? state;
  const sealed = sealedStates.includes(at);
  if (store === null || bag === null || !(sealed || openStates.includes(at))) return null;
  return { store, bag, path: `data/${root}/${path}`, sealed };
}

/** What helps a stuck file. */
export function helpFor(file: FileListing): FileDetails['help'] {
  const { state, code } = file;
  if (state !== 'stuck' || code === null) return null;
  const commands = commandsFor(code, [{ ...file, code }]);
  return { next: nextStep(code), commands: commands.filter((command) => !command.startsWith('coldroom files show')) };
}
