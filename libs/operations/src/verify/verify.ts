import type { CopyFilter, Register } from '@coldroom/register';
import { Pace } from '@coldroom/stores';
import { selectedFiles } from '../selected-files';
import { unclaimed, withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { checkBag } from './check';
import { Verification, type VerificationProgress } from './verification';

export interface VerifyOrder {
  readonly filter: CopyFilter;
  readonly bytesPerSecond: number;
  /** Copies with the right content that differ from the proven ones count as proven by this read. */
  readonly acceptChanged: boolean;
}

/** Reads the copies that the filter names and records what was found. An unknown store or target is refused first. */
export async function verify(
  around: Surroundings,
  register: Register,
  { filter, bytesPerSecond, acceptChanged }: VerifyOrder,
  by: string,
  progress: (now: VerificationProgress) => void,
): Promise<Verification> {
  return withStores(around, async ({ stores }) => {
    if (filter.store !== undefined) stores.get(filter.store);
    if (filter.targets) await selectedFiles(register, filter.targets, 'files');
    const done = new Verification(shareOf(await register.fixity.count(filter), filter.share ?? 1));
    const checking = { register, stores, pace: new Pace(bytesPerSecond), work: unclaimed(), by, acceptChanged };
    for await (const copies of register.fixity.bags(filter))
      await checkBag(checking, copies, done, () => progress(done.progress()));
    return done;
  });
}

function shareOf(
  { files, bytes }: { readonly files: number; readonly bytes: bigint },
  share: number,
): { readonly files: number; readonly bytes: bigint } {
  return { files: Math.round(files * share), bytes: BigInt(Math.round(Number(bytes) * share)) };
}
