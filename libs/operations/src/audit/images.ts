import { imagesPerCall, type ImageFacts } from '@coldroom/omero';
import { firstPage, type AuditedImage, type Page, type PageStart } from '@coldroom/register';
import type { Discrepancy, DiscrepancyCode } from './report';
import { omeroPart, type Scope } from './scope';

interface WrongImage {
  readonly image: AuditedImage;
  readonly findings: readonly Discrepancy[];
}

/** Checks for each image that OMERO shows what the register has recorded as written. Repairs it on request. */
export async function auditImages(scope: Scope): Promise<void> {
  for (let after: PageStart | undefined = firstPage; after !== undefined;) {
    const { rows, next }: Page<AuditedImage, PageStart> = await scope.register.audit.images(after, imagesPerCall);
    after = next;
    const facts = await scope.look(omeroPart, () => scope.places.omero.imageFacts(rows.map((image) => image.imageId)));
    if (!facts) return;
    scope.report.looked.deletionsKnown += rows.filter((image) =>
      isKnownDeletion(image, facts.get(image.imageId)),
    ).length;
    const wrong = rows
      .map((image) => ({ image, findings: judgeImage(image, facts.get(image.imageId)) }))
      .filter(({ findings }) => findings.length > 0);
    await tell(scope, wrong);
    scope.report.looked.images += rows.length;
    scope.options.progress();
  }
}

async function tell(scope: Scope, wrong: readonly WrongImage[]): Promise<void> {
  if (wrong.length === 0) return;
  // The scanner may have written in the meantime: only what the register still says counts.
  const settled = new Set(await scope.register.audit.stillSettled(wrong.map(({ image }) => image)));
  const still = wrong.filter(({ image }) => settled.has(image));
  for (const { findings } of still) findings.forEach((finding) => scope.report.add(finding));
  if (!scope.options.fix) return;
  for (const some of Map.groupBy(
    still.filter(({ findings }) => findings.some(({ code }) => repairable.includes(code))),
    ({ image }) => image.mark,
  ).values()) {
    await repair(scope, some);
  }
}

/** A person confirmed that it was deleted on purpose. An image that exists again is checked like any other. */
function isKnownDeletion(image: AuditedImage, facts: ImageFacts | undefined): boolean {
  return !facts && image.mark === 'archived' && image.deletionKnownBy !== null;
}

const repairable: readonly DiscrepancyCode[] = ['TAG_LOST', 'TAG_LEFT', 'FLAG_WRONG'];

export function judgeImage(image: AuditedImage, facts: ImageFacts | undefined): readonly Discrepancy[] {
  if (isKnownDeletion(image, facts)) return [];
  const of = (
    code: DiscrepancyCode,
    expected: string,
    found: string,
    remedy = 'coldroom audit --fix',
  ): Discrepancy => ({
    code,
    object: `Image:${image.imageId}`,
    fileset: image.fileset,
    expected,
    found,
    remedy,
  });
  const flag = facts?.archived === null ? 'unset' : String(facts?.archived);
  switch (image.mark) {
    case 'archived':
      if (!facts)
        return [
          of(
            'IMAGE_DELETED',
            'the image, archived',
            'OMERO has no such image',
            `if it was deleted on purpose: coldroom audit --acknowledge Image:${image.imageId}; copies stay in the store. If not: its files, with their SHA-256, are in the bags that "coldroom files list --fileset" names; import them again`,
          ),
        ];
      return [
        ...(facts.marks.includes('ARCHIVED')
          ? []
          : [of('TAG_LOST', 'the annotation ARCHIVED', facts.marks.join(', ') || 'none of ours')]),
        ...(facts.archived === true ? [] : [of('FLAG_WRONG', 'image.archived true', flag)]),
      ];
    case 'pending':
      return !facts || facts.marks.some((mark) => mark === 'ARCHIVE-PENDING' || mark === 'ARCHIVED')
        ? []
        : [of('TAG_LOST', 'the annotation ARCHIVE-PENDING', facts.marks.join(', ') || 'none of ours')];
    case 'none':
      return [
        ...(facts?.marks.includes('ARCHIVED')
          ? [of('TAG_LEFT', 'no annotation ARCHIVED: its files were given back', 'ARCHIVED')]
          : []),
        ...(facts?.archived === true && image.archivedBefore !== true
          ? [
              of(
                'FLAG_WRONG',
                `image.archived ${image.archivedBefore === null ? 'unset' : 'false'}, as it was before`,
                'true',
              ),
            ]
          : []),
      ];
  }
}

/**
 * Writes to OMERO what the register has recorded as written; all images have the same wanted mark. The register's rows
 * are locked meanwhile: no one can change what these images should say, or clear them, until it is written.
 */
async function repair(scope: Scope, wrong: readonly WrongImage[]): Promise<void> {
  const { omero, register } = scope.places;
  const done = await register.audit.whileSettled(
    wrong.map(({ image }) => image),
    async (images) => {
      // Caught here, so that an unavailable OMERO does not look like an unavailable register.
      await scope.look(omeroPart, async () => {
        const [first] = images;
        if (!first) return;
        const marks = images.map((image) => ({
          ...image,
          requester: { id: image.requesterId, name: image.requester },
        }));
        if (first.mark === 'archived') await omero.repairArchived(marks);
        else if (first.mark === 'pending') await omero.setPending(marks);
        else
          await omero.clear(images, {
            restoreArchived: new Map(images.map((image) => [image.imageId, image.archivedBefore])),
            dropNote: false,
          });
      });
      return scope.isUnavailable(omeroPart) ? [] : images;
    },
  );
  const repaired = new Set(done);
  for (const { image, findings } of wrong)
    if (repaired.has(image))
      for (const { code } of findings) if (repairable.includes(code)) scope.report.repaired(code, 1);
}
