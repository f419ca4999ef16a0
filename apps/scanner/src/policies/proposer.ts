import type { Candidate, PolicyDatabase } from '@coldroom/omero';
import { askedBy, type Policy, type Proposing } from '@coldroom/policies';
import { Register } from '@coldroom/register';
import { batches } from '../batches';
import { Closures, type LeftOut } from '../closures';

const batchSize = 200;
/** What one evaluation proposes at most; the next one continues. It bounds memory, and the work of who reviews. */
const imagesAtOnce = 20_000;
const shown = 20;
const longestMs = 600_000;

/** What a rule proposed in one evaluation. */
export interface ProposalReport {
  readonly policy: string;
  readonly requests: readonly {
    readonly id: string;
    readonly owner: string;
    readonly group: string;
    readonly images: number;
    readonly bytes: string;
  }[];
  /** Filesets that meet the conditions, as far as they were read. */
  readonly candidates: number;
  /** Those of them that a request has, or that were proposed or retrieved not long ago. */
  readonly notNow: number;
  /** Whether there is more than the limit of a day allows. */
  readonly more: boolean;
  readonly leftOut: readonly LeftOut[];
}

interface OfOwner {
  readonly first: Candidate;
  readonly imageIds: bigint[];
  bytes: bigint;
}

/** Makes requests in state New of what a rule selects: one for each owner and group. It decides nothing. */
export class Proposer {
  constructor(
    private readonly omero: PolicyDatabase,
    private readonly register: Register,
    private readonly closures: Closures,
  ) {}

  async run(policy: Policy, propose: Proposing, by: string, now = new Date()): Promise<ProposalReport> {
    const found = await this.gather(policy, propose, now);
    const requests: ProposalReport['requests'][number][] = [];
    const leftOut: LeftOut[] = [];
    for (const group of found.groups.values()) {
      const id = await this.request(group, policy, propose, by, leftOut);
      if (id === undefined || (await this.isVoid(id, by))) continue;
      const { first, imageIds, bytes } = group;
      requests.push({
        id: id.toString(),
        owner: first.owner.name,
        group: first.group.name,
        images: imageIds.length,
        bytes: bytes.toString(),
      });
    }
    const { candidates, notNow, more } = found;
    return { policy: policy.name, requests, candidates, notNow, more, leftOut: leftOut.slice(0, shown) };
  }

  private async gather({ name, where, except }: Policy, { perDay, again }: Proposing, now: Date) {
    const { proposals, services } = this.register;
    // Until the first row, OMERO's database reads all images.
    await services.report('scanner', longestMs);
    let left = perDay - (await proposals.bytesToday(name));
    const groups = new Map<string, OfOwner>();
    let [candidates, notNow, images] = [0, 0, 0];
    for await (const some of batches(this.omero.candidates({ where, except }, now), batchSize)) {
      await services.advanced('scanner');
      const against = await proposals.notNow(
        some.flatMap(({ imageIds }) => imageIds),
        again,
      );
      for (const candidate of some) {
        candidates += 1;
        if (candidate.imageIds.some((id) => against.has(id))) notNow += 1;
        else if (candidate.bytes > left || images + candidate.imageIds.length > imagesAtOnce)
          return { groups, candidates, notNow, more: true };
        else {
          left -= candidate.bytes;
          images += candidate.imageIds.length;
          add(groups, candidate);
        }
      }
    }
    return { groups, candidates, notNow, more: false };
  }

  /** Nothing of it can be archived: no one has to object or decide, and the same is not proposed again for a time. */
  private async isVoid(id: bigint, by: string): Promise<boolean> {
    const request = await this.register.requests.get(id);
    if (request?.files !== 0) return false;
    await this.register.requests.withdraw(id, by);
    return true;
  }

  private async request(
    { first, imageIds }: OfOwner,
    policy: Policy,
    { objections }: Proposing,
    by: string,
    leftOut: LeftOut[],
  ): Promise<bigint | undefined> {
    return this.closures.judge(
      imageIds,
      null,
      async (judged) => {
        leftOut.push(...judged.leftOut);
        if (judged.taken === 0) return undefined;
        return this.register.requests.create(
          {
            ownerId: first.owner.id,
            owner: first.owner.name,
            groupId: first.group.id,
            group: first.group.name,
            // An owner who objects withdraws it.
            requesterId: first.owner.id,
            requester: askedBy(policy.name),
            proposal: { policy: policy.name, title: policy.title, objectionDays: objections },
          },
          judged,
          by,
        );
      },
      { selectedOnly: true },
    );
  }
}

function add(groups: Map<string, OfOwner>, candidate: Candidate): void {
  const key = `${candidate.owner.id} ${candidate.group.id}`;
  const group = groups.get(key) ?? { first: candidate, imageIds: [], bytes: 0n };
  group.imageIds.push(...candidate.imageIds);
  group.bytes += candidate.bytes;
  groups.set(key, group);
}
