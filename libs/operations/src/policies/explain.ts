import { Refused } from '@coldroom/domain';
import type { ConditionAnswer, PolicyDatabase } from '@coldroom/omero';
import { worded, type Policy, type Proposing } from '@coldroom/policies';
import type { Register } from '@coldroom/register';
import { formatBytes } from '@coldroom/terminal';

/** One reason for or against a proposal. */
export interface Reason {
  readonly isMet: boolean;
  readonly text: string;
}

export interface ImageExplanation {
  readonly policy: string;
  readonly image: string;
  readonly name: string;
  readonly fileset: string | null;
  readonly images: number;
  readonly isProposed: boolean;
  readonly reasons: readonly Reason[];
}

/** Why a rule proposes the fileset of this image now, or why not. `Refused` `NO_SUCH_IMAGE`. */
export async function explainPolicy(
  { omero, register }: { readonly omero: PolicyDatabase; readonly register: Register },
  policy: Policy,
  propose: Proposing,
  imageId: bigint,
  now = new Date(),
): Promise<ImageExplanation> {
  const found = await omero.explain(policy, imageId, now);
  if (!found) throw new Refused('NO_SUCH_IMAGE', `OMERO has no Image:${imageId}`);
  const known = await register.proposals.notNow([imageId], propose.again);
  const reasons: readonly Reason[] = [
    ...(policy.active ? [] : [{ isMet: false, text: 'the rule is switched off (active: false)' }]),
    ...found.answers.map((answer) => ({ isMet: answer.isMet, text: reasonOf(answer, imageId) })),
    ...(found.isOfOne ? [] : [{ isMet: false, text: 'images of the fileset belong to several owners or groups' }]),
    found.kept === null
      ? { isMet: true, text: 'not kept out of archiving by a mark' }
      : { isMet: false, text: `Image:${found.kept} is kept out of archiving by a mark KEEP` },
    {
      isMet: !known.has(imageId),
      text: known.get(imageId) ?? 'in no request, and not proposed or retrieved lately',
    },
  ];
  return {
    policy: policy.name,
    image: `Image:${imageId}`,
    name: found.name,
    fileset: found.filesetId === null ? null : `Fileset:${found.filesetId}`,
    images: found.images,
    isProposed: reasons.every(({ isMet }) => isMet),
    reasons,
  };
}

function reasonOf({ condition, part, isMet, found, against }: ConditionAnswer, imageId: bigint): string {
  const text = `${part === 'except' ? 'not ' : ''}${worded(condition, formatBytes)}`;
  if (!isMet && against !== null && against !== imageId)
    return `${text}: Image:${against} of the same fileset speaks against it`;
  const isAmount = ['imageSize', 'filesetSize', 'groupUses', 'serverUses'].includes(condition.kind);
  const shown = found !== null && isAmount ? formatBytes(BigInt(found)) : found;
  return `${text}: ${shown ?? 'OMERO has nothing'}`;
}
