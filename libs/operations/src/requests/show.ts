import type { FileState } from '@coldroom/domain';
import type { EventListing, KeptListing, NoteListing, Register, RequestSummary } from '@coldroom/register';
import { noSuchRequest } from '../failure';
import { amount, type Amount, type ByCode } from '../selected-files';
import { stuckIn, type Stuck } from '../stuck';

const imageLimit = 20;
const keptLimit = 20;
const eventLimit = 10;
const pathLimit = 3;

export interface WithExamples extends ByCode {
  readonly examples: readonly { readonly id: bigint; readonly path: string; readonly reason: string | null }[];
}

/** What a data manager needs to know before a decision, and how far the request is afterwards. */
export interface RequestDetails {
  readonly request: RequestSummary;
  readonly states: readonly (Amount & { readonly state: FileState })[];
  /** Images without a mark of their own: they share files with marked ones and are archived with them. */
  readonly included: readonly { readonly imageId: bigint; readonly name: string; readonly fileset: string }[];
  /** What people wrote about the images when they marked them. */
  readonly notes: readonly NoteListing[];
  /** Its images that are kept out of archiving: it cannot be approved with them. */
  readonly kept: readonly KeptListing[];
  readonly skipped: readonly WithExamples[];
  readonly stuck: readonly (WithExamples & Stuck)[];
  /** The newest. */
  readonly events: readonly EventListing[];
}

/** `Refused` `NO_SUCH_REQUEST` if the register does not know it. */
export async function requestDetails(register: Register, id: bigint): Promise<RequestDetails> {
  const { reports, requests, kept } = register;
  const request = await requests.get(id);
  if (!request) throw noSuchRequest(id);
  const counts = await reports.counts(id);
  const skipped = counts
    .filter((row) => row.state === 'skipped')
    .map(({ code, files, bytes }) => ({ code: code ?? 'UNKNOWN', files, bytes }));
  return {
    request,
    notes: (await requests.notes([id])).get(id) ?? [],
    kept: request.state === 'New' || request.state === 'Approved' ? await kept.ofRequest(id, keptLimit) : [],
    states: [...Map.groupBy(counts, (row) => row.state)].map(([state, rows]) => ({ state, ...amount(rows) })),
    included: (await reports.images(id, { marked: false }, imageLimit)).map(({ imageId, name, fileset }) => ({
      imageId,
      name,
      fileset,
    })),
    skipped: await withExamples(register, id, 'skipped', skipped),
    stuck: await withExamples(register, id, 'stuck', await stuckIn(register, id)),
    events: await reports.events({ requestId: id }, eventLimit),
  };
}

async function withExamples<T extends ByCode>(
  { reports }: Register,
  requestId: bigint,
  state: 'skipped' | 'stuck',
  rows: readonly T[],
): Promise<readonly (T & WithExamples)[]> {
  const found = [];
  for (const row of rows) {
    const files = await reports.files({ requestId, states: [state], code: row.code, limit: pathLimit });
    const examples = files.map(({ id, root, path, reason }) => ({ id, path: `${root}/${path}`, reason }));
    found.push({ ...row, examples });
  }
  return found;
}
