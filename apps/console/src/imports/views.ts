import type { ImportDetails } from '@coldroom/operations';
import type { ImportOrder, NewImportOrder } from '@coldroom/register';

/** An order as programs get it: its path as it is shown. */
export function importView(order: ImportOrder) {
  const { id, state, stuckFrom, code, reason, note, cancelBy, orderedBy, orderedAt, lock, files, bytes, provenAt } =
    order;
  const progress = {
    id,
    state,
    stuckFrom,
    code,
    reason,
    note,
    cancelBy,
    orderedBy,
    orderedAt,
    lock,
    files,
    bytes,
    provenAt,
  };
  return { ...progress, ...plannedView(order) };
}

export function plannedView(order: NewImportOrder) {
  const { personId, person, groupId, group, display, target, transfer, options, origin } = order;
  return { personId, person, groupId, group, source: display, target, transfer, options, origin };
}

export function importReviewView({ order, amounts, filesets, attempts, events, permitted }: ImportDetails) {
  return {
    import: importView(order),
    amounts,
    filesets,
    attempts: attempts.map(({ number, startedAt, closedAt, judgedAt, exitCode, lastLines }) => ({
      number,
      startedAt,
      closedAt,
      judgedAt,
      exitCode,
      lastLines,
    })),
    events: events.map(({ at, actor, what, from, to, code }) => ({ at, actor, what, from, to, code })),
    permitted,
  };
}
