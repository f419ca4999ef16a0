import { Inject, Injectable } from '@nestjs/common';
import {
  omeroAlgorithms,
  crashPoint,
  unseen,
  type ArchiveFile,
  type DigestAlgorithm,
  type Digests,
  type Identity,
  type OmeroAlgorithm,
} from '@coldroom/domain';
import { Files } from '@coldroom/files';
import {
  transition,
  toTransitions,
  STORES,
  stuck,
  type Stage,
  type StageResult,
  type StageWork,
} from '@coldroom/pipeline';
import { Originals } from '@coldroom/trees';
import type { Claim, Transition } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** Hashes originals, and compares them with what OMERO recorded at import. */
@Injectable()
export class HashStage implements Stage {
  readonly name = 'hash';
  readonly takes = 'approved';

  constructor(
    private readonly files: Files,
    private readonly originals: Originals,
    @Inject(STORES) private readonly stores: Stores,
  ) {}

  async run(claim: Claim, work: StageWork): Promise<StageResult> {
    await this.originals.check(claim.files);
    const { wantedDigests } = this.stores.get(claim.store);
    const outcomes = await this.files.hash(
      claim.files.map((file) => ({
        root: this.originals.directory(file.root),
        path: file.path,
        algorithms: wanted(file, wantedDigests),
        ...(file.identity.ino === unseen.ino ? {} : { expect: file.identity }),
      })),
      { direct: false },
      work,
    );
    crashPoint('hash:1-hashed');
    return toTransitions(
      claim.files,
      outcomes,
      (file, hashed) =>
        whyNotTaken(file, hashed.identity) ??
        judge(file, hashed.digests, { digests: hashed.digests, identity: hashed.identity }),
    );
  }
}

/**
 * All digests to be computed in the one pass: ours, the one that OMERO recorded, and those the store compares copies
 * by.
 */
function wanted(file: ArchiveFile, byStore: readonly DigestAlgorithm[]): readonly DigestAlgorithm[] {
  const omeros = omeroAlgorithms.filter((algorithm) => algorithm === file.omeroHash?.algorithm);
  return [...new Set<DigestAlgorithm>(['SHA-256', ...omeros, ...byStore])];
}

/** After a retry the file is not compared with the scan: then this reports what the scan would have reported. */
function whyNotTaken(file: ArchiveFile, { size, links }: Identity): Transition | undefined {
  if (size !== file.size)
    return stuck(file, {
      code: 'SIZE_DIFFERS',
      message: `the file has ${size} bytes, at the scan it had ${file.size}`,
    });
  if (links > 1)
    return stuck(file, {
      code: 'HARD_LINKED',
      message: `the file has ${links} names; archiving this one would free nothing`,
    });
  return undefined;
}

/** Archiving a file that is not what OMERO imported would make the damage permanent. */
function judge(file: ArchiveFile, digests: Digests, facts: Partial<Transition>): Transition {
  if (file.omeroHash === null) return transition(file, 'hash', 'hashed', facts);
  const { algorithm, value } = file.omeroHash;
  const own = digests[algorithm as OmeroAlgorithm];
  if (own === undefined) {
    return stuck(file, {
      code: 'HASH_ALGORITHM_UNKNOWN',
      message: `OMERO recorded a hash by "${algorithm}", which this version does not know`,
    });
  }
  if (own !== value.toLowerCase()) {
    return stuck(file, {
      code: 'HASH_DIFFERS',
      message: `OMERO recorded ${algorithm} ${value} at import, the file on disk has ${own}: it is damaged or was changed`,
    });
  }
  return transition(file, 'hash', 'hashed', facts);
}
