import type { ImportState } from '@coldroom/domain';
import type { AttemptReport, ImportAmounts, ImportedFileset, ImportEventRow, ImportOrder } from '@coldroom/register';
import { notFound } from '../failure';
import type { Reviewer } from '../requests/review';
import { may, relationsTo, visibleTo, type Action } from '../rights/rights';

const usualLimit = 50;
const filesetsShown = 100;

/** What a person may do about an order, as its state allows it. */
export type ImportAction = Extract<Action, 'retryImport' | 'cancelImport'>;

export interface ImportDetails {
  readonly order: ImportOrder;
  readonly amounts: ImportAmounts;
  /** The first ones. */
  readonly filesets: readonly ImportedFileset[];
  readonly attempts: readonly AttemptReport[];
  /** Newest first. */
  readonly events: readonly ImportEventRow[];
  readonly permitted: readonly ImportAction[];
}

export interface ImportListing {
  readonly imports: readonly ImportOrder[];
  /** `before` of the next page; null on the last one. */
  readonly next: bigint | null;
  readonly counts: ReadonlyMap<ImportState, number>;
}

/** The orders that the actor may see, newest first. */
export async function listImports(
  { register, actor, policy }: Reviewer,
  page: {
    readonly states?: readonly ImportState[] | undefined;
    readonly personId?: bigint | undefined;
    readonly before?: bigint | undefined;
    readonly limit?: number | undefined;
  } = {},
): Promise<ImportListing> {
  const { limit = usualLimit } = page;
  const visible = visibleTo(actor, policy);
  const found = await register.imports.reports.list({ ...page, visible, limit: limit + 1 });
  const imports = found.slice(0, limit);
  return {
    imports,
    next: found.length > limit ? (imports.at(-1)?.id ?? null) : null,
    counts: await register.imports.reports.counts(visible),
  };
}

/** `Refused` `NO_SUCH_IMPORT` also where the actor may not see it. */
export async function showImport(reviewer: Reviewer, id: bigint): Promise<ImportDetails> {
  const order = await visibleImport(reviewer, id);
  const { reports } = reviewer.register.imports;
  return {
    order,
    amounts: await reports.amounts(id),
    filesets: await reports.filesets(id, { limit: filesetsShown }),
    attempts: await reports.attempts(id),
    events: await reports.events(id),
    permitted: permitted(reviewer, order),
  };
}

/** `Refused` `NO_SUCH_IMPORT` also where the actor may not see it. */
export async function visibleImport(reviewer: Reviewer, id: bigint): Promise<ImportOrder> {
  const order = await reviewer.register.imports.orders.get(id);
  if (!order || !mayOn(reviewer, 'see', order))
    throw notFound(`import ${id}`, 'NO_SUCH_IMPORT', '"coldroom imports list" shows all');
  return order;
}

/** Whether the actor may do this to an order, whatever its state. */
export function mayOn({ actor, policy }: Reviewer, action: Action, { personId, groupId }: ImportOrder): boolean {
  return may(actor.roles, action, relationsTo(actor, { ownerId: personId, requesterId: personId, groupId }), policy);
}

/** Nothing, once someone wants it ended: the importer does that. */
function permitted(reviewer: Reviewer, order: ImportOrder): readonly ImportAction[] {
  if (order.cancelBy !== null || isSettled.includes(order.state)) return [];
  const possible: readonly ImportAction[] =
    order.state === 'stuck' ? ['retryImport', 'cancelImport'] : ['cancelImport'];
  return possible.filter((action) => mayOn(reviewer, action, order));
}

/** All of it is in OMERO, or it has ended. */
const isSettled: readonly ImportState[] = ['imported', 'verified', 'done', 'emptied', 'cancelled'];
