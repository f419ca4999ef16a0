import { Refused } from '@coldroom/domain';
import { imagesPerCall, OmeroDatabase } from '@coldroom/omero';
import type { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import { person, type Context } from '../context';
import { notFound, UsageError, type ExitCode } from '@coldroom/operations';
import { parseIds } from '@coldroom/operations';

interface Answers {
  readonly yes?: boolean;
  readonly by?: string;
  readonly fix?: boolean;
  readonly store?: string;
}

/**
 * Records in the register that images which OMERO lacks were deleted on purpose. All of them, or none if one does not
 * qualify.
 */
export async function acknowledge(
  context: Context,
  images: string,
  { yes = false, by = person(), fix, store }: Answers,
): Promise<ExitCode> {
  if (fix === true || store !== undefined)
    throw new UsageError('--acknowledge stands alone: it audits nothing and mends nothing');
  const ids = parseIds([images], 'Image');
  return context.register(async (register) => {
    await refuseWhereThere(context, ids);
    const known = await knownTo(register, ids);
    if (known.length === ids.length) {
      context.out.result({ acknowledged: 0, before: known.length }, () => ['All of them were acknowledged before.']);
      return exitCodes.ok;
    }
    if (
      !(await confirmed(
        `${counted(ids.length - known.length, 'image')} that OMERO has no more: audits will count them and show them no more. Their copies stay in the store. Go on?`,
        { yes, json: context.out.json },
      ))
    ) {
      context.out.note('Nothing was changed.');
      return exitCodes.failed;
    }
    const acknowledged = await register.audit.acknowledgeDeleted(ids, by);
    context.out.result({ acknowledged, before: known.length }, () => [
      `${counted(acknowledged, 'image')}: noted as deleted on purpose, by ${by}. The copies stay in the store.`,
    ]);
    return exitCodes.ok;
  });
}

/** A database that does not answer proves no deletion: its error is thrown. */
async function refuseWhereThere(context: Context, ids: readonly bigint[]): Promise<void> {
  const omero = OmeroDatabase.connect(context.settings('omero').OMERO_DATABASE_URL, { max: 1 });
  try {
    for (let start = 0; start < ids.length; start += imagesPerCall) {
      const [there] = (await omero.imageFacts(ids.slice(start, start + imagesPerCall))).keys();
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

async function knownTo(register: Register, ids: readonly bigint[]): Promise<readonly bigint[]> {
  const archived = await register.audit.archivedImages(ids);
  const strangers = ids.filter((id) => !archived.has(id));
  if (strangers.length > 0)
    throw notFound(
      `${strangers.map((id) => `Image:${id}`).join(' ')} among the archived images of the register`,
      'NO_SUCH_TARGET',
      '"coldroom audit" names those that it found',
    );
  return ids.filter((id) => archived.get(id)?.deletionKnownBy);
}
