import type { FilesetContent, FilesetTarget, Register, RetrievalAmount, RetrievalSummary } from '@coldroom/register';
import { notFound } from '../failure';

const shownFilesets = 20;

/** How far a retrieval is. */
export interface RetrievalDetails {
  readonly retrieval: RetrievalSummary;
  readonly amounts: readonly RetrievalAmount[];
  /** The first of its filesets. */
  readonly filesets: readonly FilesetContent[];
}

/** `Refused` `NO_SUCH_RETRIEVAL` if the register does not know it, or if it `isHidden`. */
export async function retrievalDetails(
  register: Register,
  id: bigint,
  isHidden: (retrieval: RetrievalSummary) => boolean = () => false,
): Promise<RetrievalDetails> {
  const retrieval = await register.retrievalReports.get(id);
  if (!retrieval || isHidden(retrieval))
    throw notFound(
      `retrieval ${id}`,
      'NO_SUCH_RETRIEVAL',
      '"coldroom retrievals list" and, in the console, "Bring back" list them',
    );
  return {
    retrieval,
    amounts: await register.retrievalReports.progress(id),
    filesets: await firstFilesets(register, [{ kind: 'Retrieval', ids: [id] }]),
  };
}

export async function firstFilesets(
  register: Register,
  targets: readonly FilesetTarget[],
): Promise<readonly FilesetContent[]> {
  const found: FilesetContent[] = [];
  for (const target of targets) found.push(...(await register.retrievalReports.filesets(target, shownFilesets)));
  return found.slice(0, shownFilesets);
}
