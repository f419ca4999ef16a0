import type { CheckedCopy } from '@coldroom/register';

/** What a person can do about a copy that is not right. None of it is done here. */
export function remedyOf(
  copy: Pick<CheckedCopy, 'held' | 'fileset' | 'bag' | 'store' | 'root' | 'display'>,
  code: string,
  others: readonly { readonly store: string; readonly bag: string }[],
): string {
  if (code === 'COPY_CHANGED')
    return 'find out who touched it; if a backup of the store was put back: coldroom verify --accept-changed';
  if (copy.held) return `the original is still there: coldroom undo ${copy.fileset}, before the hold is over`;
  const [other] = others;
  if (other)
    return `bag ${other.bag} in store ${other.store} has a copy with the same SHA-256; verify that one first, then put it in this one's place`;
  return `put data/${copy.root}/${copy.display} of bag ${copy.bag} back from the backup of store ${copy.store}, then verify again`;
}
