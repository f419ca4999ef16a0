import type { EventListing, FileFilter, FileListing, FileRecord } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { actionsOnRequests, may, relationsTo, visibleTo, type Action } from '../rights/rights';
import { helpFor, noSuchFile, type FileDetails } from './show';

const eventLimit = 100;

/** A file with its history, as someone may see it. */
export interface FileHistory {
  readonly file: FileRecord;
  /** The next step if it is stuck; commands only for those who may use them. */
  readonly help: FileDetails['help'];
  /** The newest first. */
  readonly events: readonly EventListing[];
  readonly permitted: readonly Action[];
}

/** A page of files of the requests that the actor may see. */
export async function filesFor(
  { register, actor, policy }: Reviewer,
  filter: Omit<FileFilter, 'visibleTo'>,
): Promise<readonly FileListing[]> {
  return register.reports.files({ ...filter, visibleTo: visibleTo(actor, policy) });
}

/** `Refused` `NO_SUCH_FILE` also where the actor may not see it. */
export async function fileFor({ register, actor, policy }: Reviewer, id: bigint): Promise<FileHistory> {
  const file = await register.reports.fileRecord(id);
  const related = file ? relationsTo(actor, file) : [];
  if (!file || !may(actor.roles, 'see', related, policy)) throw noSuchFile(id);
  const permitted = actionsOnRequests.filter((action) => may(actor.roles, action, related, policy));
  const help = helpFor(file);
  return {
    file,
    help: help && !permitted.includes('retry') ? { ...help, commands: [] } : help,
    events: await register.reports.events({ fileId: id }, eventLimit),
    permitted,
  };
}
