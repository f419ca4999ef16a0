import { projectTarget, Refused, type ProjectTarget } from '@coldroom/domain';
import type { ImportOrder } from '@coldroom/register';

type Found = readonly { readonly id: bigint; readonly ownerId: bigint }[];
type Target = Pick<ImportOrder, 'target' | 'personId' | 'person' | 'groupId' | 'group'>;

/**
 * The target of an order as OMERO's importer takes it. A dataset of a project is that of the person, or else the only one
 * of this name there. It is not made: two attempts could make two. `Refused` `IMPORT_TARGET_NOT_FOUND`,
 * `IMPORT_TARGET_AMBIGUOUS`.
 */
export async function targetOf(
  order: Target,
  datasetsIn: (target: ProjectTarget, groupId: bigint) => Promise<Found>,
): Promise<string> {
  const within = projectTarget(order.target);
  if (!within) return order.target;
  const all = await datasetsIn(within, order.groupId);
  const own = all.filter(({ ownerId }) => ownerId === order.personId);
  const found = own.length > 0 ? own : all;
  const [one, ...others] = found;
  const named = `dataset ${JSON.stringify(within.dataset)} in project ${JSON.stringify(String(within.project))}`;
  if (!one)
    throw new Refused(
      'IMPORT_TARGET_NOT_FOUND',
      `The group ${order.group} has no ${named}. Create it in OMERO, and link it to the project. Then retry the order.`,
    );
  if (others.length > 0)
    throw new Refused(
      'IMPORT_TARGET_AMBIGUOUS',
      `There is more than one ${named}: ${found.map(({ id }) => `Dataset:${id}`).join(', ')}. Cancel this order, and order again with one of these as its target.`,
    );
  return `Dataset:${one.id}`;
}
