import type { Candidate, PolicyDatabase } from '@coldroom/omero';
import type { Policy, Proposing } from '@coldroom/policies';
import type { Register } from '@coldroom/register';

const batchSize = 500;

/** What a rule would propose now for one owner in one group. */
export interface WouldPropose {
  readonly owner: string;
  readonly group: string;
  readonly filesets: number;
  readonly images: number;
  readonly bytes: bigint;
}

export interface PolicyTrial {
  readonly policy: string;
  readonly title: string;
  /** Filesets that meet the conditions. */
  readonly selected: number;
  /** Those of them that a request has, or that were proposed or retrieved not long ago. */
  readonly notNow: number;
  readonly wouldPropose: readonly WouldPropose[];
  /** How much of it the limit leaves for the next evaluation. */
  readonly atNext: bigint;
}

/** What a rule would propose if nothing on disk spoke against it; changes nothing, and reads all that meets its conditions. */
export async function tryPolicy(
  { omero, register }: { readonly omero: PolicyDatabase; readonly register: Register },
  policy: Policy,
  { perDay, again }: Proposing,
  now = new Date(),
): Promise<PolicyTrial> {
  const owners = new Map<string, WouldPropose>();
  let [selected, notNow, bytes] = [0, 0, 0n];
  const take = async (some: readonly Candidate[]): Promise<void> => {
    const ids = some.flatMap(({ imageIds }) => imageIds);
    const against = await register.proposals.notNow(ids, again);
    for (const candidate of some) {
      selected += 1;
      if (candidate.imageIds.some((id) => against.has(id))) notNow += 1;
      else {
        add(owners, candidate);
        bytes += candidate.bytes;
      }
    }
  };
  let batch: Candidate[] = [];
  for await (const candidate of omero.candidates(policy, now)) {
    batch.push(candidate);
    if (batch.length < batchSize) continue;
    await take(batch);
    batch = [];
  }
  await take(batch);
  const left = perDay - (await register.proposals.bytesToday(policy.name));
  return {
    policy: policy.name,
    title: policy.title,
    selected,
    notNow,
    wouldPropose: [...owners.values()].toSorted((one, other) => Number(other.bytes - one.bytes)),
    atNext: bytes > left ? bytes - (left > 0n ? left : 0n) : 0n,
  };
}

function add(owners: Map<string, WouldPropose>, { owner, group, imageIds, bytes }: Candidate): void {
  const key = `${owner.id} ${group.id}`;
  const known = owners.get(key) ?? { owner: owner.name, group: group.name, filesets: 0, images: 0, bytes: 0n };
  owners.set(key, {
    ...known,
    filesets: known.filesets + 1,
    images: known.images + imageIds.length,
    bytes: known.bytes + bytes,
  });
}
