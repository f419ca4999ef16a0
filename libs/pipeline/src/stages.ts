import type { StageName } from './stage';
import type { WorkState } from '@coldroom/domain';

/** Which stage acts on files in which state: exactly one each. Also the names of the queues. */
export const stageOf: Readonly<Record<WorkState, StageName>> = {
  approved: 'hash',
  checksummed: 'copy',
  transferred: 'verify',
  verified: 'ingest',
  durable: 'link',
  undoing: 'undo',
  linked: 'release',
  restoring: 'near',
  near: 'fetch',
  fetched: 'prove',
  proven: 'place',
  recalled: 'expire',
  leaving: 'leave',
  arrived: 'check',
  matched: 'settle',
  settled: 'relink',
};
