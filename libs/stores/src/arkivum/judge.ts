import type { Answer, CopyStatus } from '@coldroom/domain';
import type { FileInfo, Said } from './file-info';

const order: readonly string[] = ['red', 'amber', 'green'];

export interface Judgement {
  readonly durable: Answer;
  readonly replicationState: string;
  /** How the appliance's copy differs from ours; none of its answers may then be trusted. */
  readonly differs?: string;
}

/**
 * What follows from the appliance's answer about a sealed copy. `yes` requires a file that it calls FINAL, with our
 * size and our MD5, at `durableAt` or above; what is not understood is `unknown`.
 */
export function judge(
  said: Said,
  copy: Pick<CopyStatus, 'size'>,
  md5: string | undefined,
  durableAt: 'amber' | 'green',
): Judgement {
  if (said.kind === 'absent') return { durable: 'no', replicationState: 'not seen yet' };
  if (said.kind === 'unusable') return { durable: 'unknown', replicationState: `unknown: ${said.why}` };
  const { info } = said;
  if (info.ingestState !== 'FINAL')
    return { durable: 'no', replicationState: `${info.replicationState}, ingest ${info.ingestState}` };
  if (md5 === undefined) return { durable: 'unknown', replicationState: 'unknown: the bag holds no MD5 of this copy' };
  if (info.md5 === undefined) return { durable: 'unknown', replicationState: 'unknown: it gives no MD5' };
  const differs = difference(info, copy.size, md5);
  if (differs) return { durable: 'no', replicationState: `differs: ${differs}`, differs };
  const level = order.indexOf(info.replicationState.toLowerCase());
  if (level === -1) return { durable: 'unknown', replicationState: info.replicationState };
  return { durable: level >= order.indexOf(durableAt) ? 'yes' : 'no', replicationState: info.replicationState };
}

function difference(info: FileInfo, size: bigint, md5: string): string | undefined {
  if (info.size !== size) return `${info.size} bytes instead of ${size}`;
  return info.md5 === md5 ? undefined : `MD5 ${info.md5} instead of ${md5}`;
}
