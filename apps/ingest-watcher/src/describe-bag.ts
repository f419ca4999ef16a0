import { copyPath, type Store, type TagFile } from '@coldroom/domain';
import type { Claim, Register } from '@coldroom/register';
import { nameFormIn, tagFiles, type BagDescription } from '@coldroom/bagit';

/**
 * The tag files that make a bag self-describing: its manifests, and what OMERO knows of each file. A bag that is already
 * sealed in the store keeps the rules that it was sealed by, so that it is recognised.
 */
export async function describeBag(
  claim: Claim,
  register: Register,
  store: Pick<Store, 'readTag'>,
): Promise<readonly TagFile[]> {
  const images = await register.claims.imagesOf(claim.requestId, [...new Set(claim.files.map((file) => file.fileset))]);
  const description: BagDescription = {
    bag: claim.bag,
    date: claim.bagCreatedAt,
    information: [
      ['Coldroom-Request', claim.requestId.toString()],
      ['Coldroom-Owner-Id', claim.ownerId.toString()],
      ['Coldroom-Group-Id', claim.groupId.toString()],
      ['Coldroom-Requester', claim.requester],
      ['Coldroom-Requester-Id', claim.requesterId.toString()],
    ],
    files: claim.files.map((file) => ({
      ...file,
      copyPath: copyPath(file),
      imageIds: images.get(file.fileset) ?? [],
      owner: claim.owner,
      group: claim.group,
    })),
  };
  return tagFiles(description, await nameFormIn(store, claim.bag));
}
