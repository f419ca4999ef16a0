import { Refused } from '@coldroom/domain';
import { imagesPerCall, OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { notFound } from '../failure';
import type { Surroundings } from '../surroundings';

/** Archived images that OMERO does not have: how many were acknowledged before, and how many are new. */
export interface Acknowledgement {
  readonly images: readonly bigint[];
  readonly before: number;
  readonly open: number;
}

/** All of the images, or none: `Refused` `IMAGE_THERE` if OMERO has one, `NO_SUCH_TARGET` if one was never archived. */
export async function planAcknowledgement(
  around: Surroundings,
  register: Register,
  images: readonly bigint[],
): Promise<Acknowledgement> {
  await refuseWhereThere(around, images);
  const archived = await register.audit.archivedImages(images);
  const strangers = images.filter((id) => !archived.has(id));
  if (strangers.length > 0)
    throw notFound(
      `${strangers.map((id) => `Image:${id}`).join(' ')} among the archived images of the register`,
      'NO_SUCH_TARGET',
      '"coldroom audit" names those that it found',
    );
  const before = images.filter((id) => archived.get(id)?.deletionKnownBy).length;
  return { images, before, open: images.length - before };
}

/** Records in the register that they were deleted on purpose; returns how many are new. */
export async function acknowledgeDeleted(register: Register, plan: Acknowledgement, by: string): Promise<number> {
  return register.audit.acknowledgeDeleted(plan.images, by);
}

/** A database that does not answer proves no deletion: its error is thrown. */
async function refuseWhereThere(around: Surroundings, images: readonly bigint[]): Promise<void> {
  const omero = OmeroDatabase.connect(around.settings('omero').OMERO_DATABASE_URL, { max: 1 });
  try {
    for (let start = 0; start < images.length; start += imagesPerCall) {
      const [there] = (await omero.imageFacts(images.slice(start, start + imagesPerCall))).keys();
      if (there !== undefined)
        throw new Refused(
          'IMAGE_THERE',
          `OMERO still has Image:${there}: only images that are deleted in OMERO can be acknowledged. Nothing was noted`,
        );
    }
  } finally {
    await omero.close();
  }
}
