import { omeroAlgorithms, type CopyDigest, type DigestAlgorithm, type OmeroHash } from '@coldroom/domain';
import type { CopyRecord } from './record-text';

/** What a full read says of a copy, by what was recorded before. */
export type Proof = 'PROVEN' | 'PROVEN_BY_ONE' | 'UNPROVEN' | 'DIFFERS';

export interface Judged {
  readonly proof: Proof;
  readonly reason: string;
}

/** Long enough that a damaged copy does not have the right one by chance; the others only speak against a copy. */
const proving: readonly string[] = ['SHA-256', 'MD5-128', 'SHA1-160', 'Murmur3-128'];

interface Known {
  readonly record: CopyRecord | undefined;
  readonly omeroHash: OmeroHash | null;
  /** As OMERO recorded it, if it did. */
  readonly size: bigint | null;
}

/** The digests to compute of a copy: SHA-256, and each that was recorded. */
export function wantedDigests({ record, omeroHash }: Known): readonly DigestAlgorithm[] {
  const known = omeroAlgorithms.find((algorithm) => algorithm === omeroHash?.algorithm);
  return [
    ...new Set<DigestAlgorithm>([
      'SHA-256',
      ...(Object.keys(record?.digests ?? {}) as DigestAlgorithm[]),
      ...(known ? [known] : []),
    ]),
  ];
}

/** Compares a copy with all that was recorded of it: by the older tool, and by OMERO at the import. */
export function judgeCopy({ record, omeroHash, size }: Known, copy: CopyDigest): Judged {
  for (const [who, recorded] of [
    ['OMERO', size],
    ['the older tool', record?.size ?? null],
  ] as const)
    if (recorded !== null && recorded !== copy.size)
      return differs(`the copy has ${copy.size} bytes; ${who} recorded ${recorded}`);
  const agreeing: string[] = [];
  const recorded: readonly (readonly [string, string, string])[] = [
    ...Object.entries(record?.digests ?? {}).map(([algorithm, value]) => ['the older tool', algorithm, value] as const),
    ...(omeroHash ? [['OMERO', omeroHash.algorithm, omeroHash.value.toLowerCase()] as const] : []),
  ];
  for (const [who, algorithm, value] of recorded) {
    const found = copy.digests[algorithm as DigestAlgorithm];
    if (found === undefined) continue; // an algorithm that we do not know says nothing
    if (found !== value) return differs(`its ${algorithm} is ${found}; ${who} recorded ${value}`);
    if (proving.includes(algorithm)) agreeing.push(`${algorithm} of ${who}`);
  }
  if (agreeing.length === 0) return { proof: 'UNPROVEN', reason: 'nothing was recorded that could prove it' };
  return { proof: agreeing.length > 1 ? 'PROVEN' : 'PROVEN_BY_ONE', reason: `as recorded: ${agreeing.join(', ')}` };
}

const differs = (reason: string): Judged => ({ proof: 'DIFFERS', reason });
