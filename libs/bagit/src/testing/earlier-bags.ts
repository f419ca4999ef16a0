import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Unpacks two bags that were written by sha256sum's rules before RFC 8493 became the rule: `store/<bag>` as a file store
 * keeps them, `bucket/<bag>` as an S3 tool downloads them from an S3 store. They are never written again.
 */
export function unpackEarlierBags(directory: string): void {
  const archive = join(__dirname, '..', '..', 'fixtures', 'earlier-bags.tar.gz');
  execFileSync('tar', ['-xpzf', archive, '-C', directory]);
}

export const earlierBags = ['request-7-bag-1', 'request-7-bag-2'] as const;
