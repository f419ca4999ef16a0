import { next, type ArchiveFile, type FileEvent, type WorkState } from '@coldroom/domain';
import type { Register, Transition } from '@coldroom/register';

const forward: Partial<Record<WorkState, FileEvent>> = {
  approved: 'hash',
  hashed: 'copy',
  copied: 'verify',
  verified: 'seal',
  sealed: 'link',
  linked: 'release',
  retrieving: 'bringOnline',
  online: 'fetch',
  fetched: 'verifyFetched',
  fetchVerified: 'place',
};

/** Moves the bags that are due in `state` on by one state, as services would; files that `isBad` names get stuck. */
export async function step(
  register: Register,
  state: WorkState,
  isBad: (file: ArchiveFile) => boolean = () => false,
): Promise<void> {
  for (const { bagId } of await register.claims.due([state])) {
    const claim = await register.claims.claim(bagId, [state], 'a service', 60_000);
    if (!claim) continue;
    const transitions = claim.files.map((file): Transition => {
      const event: FileEvent = isBad(file) ? 'fail' : (forward[state] as FileEvent);
      const to = next(file.state, event)?.find((one) => one !== 'recalled' || file.retrieval === 'recall');
      if (!to) throw new Error(`no ${event} from ${file.state}`);
      const recalled = event === 'place' && file.retrieval === 'recall' ? 'recalled' : to;
      return {
        id: file.id,
        event,
        from: file.state,
        to: recalled,
        ...(event === 'fail' ? { code: 'DIGEST_DIFFERS', reason: 'for a test' } : {}),
      };
    });
    await register.applyTransitions(claim, transitions, { stage: 'test', errorLimit: 1000 });
  }
}

export async function archive(register: Register, isBad?: (file: ArchiveFile) => boolean): Promise<void> {
  for (const state of ['approved', 'hashed', 'copied', 'verified', 'sealed'] as const)
    await step(register, state, state === 'copied' ? isBad : undefined);
}
