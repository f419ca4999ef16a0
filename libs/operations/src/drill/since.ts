import type { BagStanding, Standing } from '@coldroom/register';

/** What the register of the backup does not know. */
export interface Since {
  /** Made since then. */
  readonly requests: readonly bigint[];
  /** Sealed since then. */
  readonly sealed: readonly BagStanding[];
  /** How many files were linked since then. */
  readonly linked: number;
  /** Bags that `coldroom rebuild --restored` would add or bring forward, as links lead into them. */
  readonly broughtBack: readonly BagStanding[];
  /** Requests made since then that no bag describes: their images would have to be marked again. */
  readonly lostRequests: readonly bigint[];
}

/** Compares the register that is in use with the one of a backup. */
export function sinceBackup(now: Standing, then: Standing): Since {
  const bags = [...now.bags.values()];
  const requests = [...now.requests].filter((id) => !then.requests.has(id)).sort(byNumber);
  const linkedSince = (bag: BagStanding): number => Math.max(0, bag.linked - (then.bags.get(bag.name)?.linked ?? 0));
  const broughtBack = bags.filter((bag) => bag.sealed && linkedSince(bag) > 0);
  const described = new Set(broughtBack.map(({ requestId }) => requestId));
  return {
    requests,
    sealed: bags.filter((bag) => bag.sealed && !then.bags.get(bag.name)?.sealed),
    linked: bags.reduce((sum, bag) => sum + linkedSince(bag), 0),
    broughtBack,
    lostRequests: requests.filter((id) => !described.has(id)),
  };
}

const byNumber = (one: bigint, other: bigint): number => (one < other ? -1 : 1);
