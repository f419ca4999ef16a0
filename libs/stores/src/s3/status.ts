import type { CopyStatus } from '@coldroom/domain';
import type { Seen } from './look';

/** The status of a copy, where `required` says that a copy counts as durable only once it is replicated. */
export function statusOf(
  { size, version, replication }: Seen,
  { sealed, required }: { readonly sealed: boolean; readonly required: boolean },
): CopyStatus {
  const replicated = replication === undefined ? !required : ['COMPLETED', 'COMPLETE', 'REPLICA'].includes(replication);
  return {
    // No link can write to an object; placing copies protects the recall directory, where links lead.
    size,
    version,
    durable: sealed && replicated ? 'yes' : 'no',
    writable: sealed ? 'no' : 'yes',
    replicationState: sealed ? (replication ?? (required ? 'not replicated' : 'sealed')) : 'open',
  };
}
