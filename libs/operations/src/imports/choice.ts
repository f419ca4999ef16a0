import type { Imports } from '@coldroom/buffers';
import { codeOf, ColdroomError, messageOf, type TransferMode } from '@coldroom/domain';
import type { ImportPreview } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { may } from '../rights/rights';
import { previewByNow } from './preview';

/** A file or directory that someone chose, before they say where it goes. */
export interface ImportChoice {
  /** As it is shown, without links. */
  readonly display: string;
  readonly transfers: readonly TransferMode[];
  /** Undefined while the importer looks at it. */
  readonly preview: ImportPreview | undefined;
  /** Why the importer cannot say what it would import. */
  readonly problem: string | undefined;
  /** Names of the groups of whoever orders; of others they are not shown. */
  readonly groups: readonly string[];
  /** Whether they may order for others. */
  readonly forOthers: boolean;
}

/** What can be ordered from a path, as far as it is known by now. `Refused` as `Imports.resolveSource`. */
export async function chooseSource(reviewer: Reviewer, imports: Imports, path: string): Promise<ImportChoice> {
  const { register, actor, policy } = reviewer;
  const forOthers = may(actor.roles, 'import', ['other'], policy);
  const login = actor.personId === null ? '' : actor.name;
  const source = await imports.resolveSource(Buffer.from(path), login, forOthers);
  const person = actor.personId === null ? undefined : await register.people.byId(actor.personId);
  const [preview, problem] = await look(() => previewByNow(register, source.path));
  return {
    display: source.display,
    transfers: source.buffer.transfers,
    preview,
    problem,
    groups: (person?.groups ?? []).map(({ name }) => name).filter((name) => name !== 'system'),
    forOthers,
  };
}

/** A refusal by the importer is shown; the order can be placed all the same. */
async function look(
  work: () => Promise<ImportPreview | undefined>,
): Promise<readonly [ImportPreview | undefined, string | undefined]> {
  try {
    return [await work(), undefined];
  } catch (error) {
    if (!(error instanceof ColdroomError) || error.kind !== 'refused') throw error;
    return [undefined, `${messageOf(error)} (${codeOf(error)})`];
  }
}
