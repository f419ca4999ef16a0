import type { StageName } from './stage';
import type { WorkState } from '@coldroom/domain';

/** Which stage acts on files in which state: exactly one each. The stage names are also the names of the queues. */
export const stageOf: Readonly<Record<WorkState, StageName>> = {
  approved: 'hash',
  hashed: 'copy',
  copied: 'verify',
  verified: 'seal',
  sealed: 'link',
  undoing: 'undo',
  linked: 'release',
  retrieving: 'bring-online',
  online: 'fetch',
  fetched: 'verify-fetched',
  fetchVerified: 'place',
  recalled: 'expire',
  moving: 'move-copy',
  moveCopied: 'move-verify',
  moveVerified: 'move-seal',
  moveSealed: 'move-link',
};
