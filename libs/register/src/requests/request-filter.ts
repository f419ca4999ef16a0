import type { RequestState } from '@coldroom/domain';

/** Which requests are listed; what is left out does not matter. */
export interface RequestFilter {
  readonly states?: readonly RequestState[] | undefined;
  readonly groupId?: bigint | undefined;
  readonly ownerId?: bigint | undefined;
  readonly requesterId?: bigint | undefined;
  /** Only those that have files in bags of this store. */
  readonly store?: string | undefined;
  /** Part of the name of the owner, the requester or the group, or the number of the request. */
  readonly text?: string | undefined;
  /** Also proposals to which their owners can still object, which no one else is to review yet. */
  readonly withProposals?: boolean | undefined;
  /** Only those that these may see. */
  readonly visibleTo?: Visibility | undefined;
}

/** A person sees what they own or requested, and what belongs to these groups. */
export interface Visibility {
  readonly personId: bigint | null;
  readonly groupIds: readonly bigint[];
}

export const requestOrders = ['newest', 'oldest', 'largest'] as const;
export type RequestOrder = (typeof requestOrders)[number];

/** Part of a list of requests. */
export interface RequestPage {
  /** Newest first if it is not given. */
  readonly order?: RequestOrder | undefined;
  /** Only what comes after the request of this number: for paging through a long list. */
  readonly after?: bigint | undefined;
  /** The bytes that this request had in the list; needed for `largest`. */
  readonly afterBytes?: bigint | undefined;
  readonly limit?: number | undefined;
}

/** A query for the numbers of these requests, in their order. */
export function selectRequests(
  filter: RequestFilter,
  { order = 'newest', after, afterBytes, limit }: RequestPage,
): { readonly sql: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const [compared, direction] = order === 'oldest' ? ['>', 'ASC'] : ['<', 'DESC'];
  const bySize = order === 'largest';
  const most = value(limit ?? null);
  const conditions = [
    after !== undefined && !bySize && `r.id ${compared} ${value(after)}`,
    filter.states && `r.state = ANY(${value(filter.states)}::text[])`,
    filter.groupId !== undefined && `r.group_id = ${value(filter.groupId)}`,
    filter.ownerId !== undefined && `r.owner_id = ${value(filter.ownerId)}`,
    filter.requesterId !== undefined && `r.requester_id = ${value(filter.requesterId)}`,
    filter.store !== undefined &&
      `EXISTS (SELECT FROM file_total t WHERE t.request_id = r.id AND t.store = ${value(filter.store)} AND t.files > 0)`,
    filter.text && contains(value(filter.text)),
    !filter.withProposals &&
      `(r.objections_until IS NULL OR r.state <> 'New' OR r.owner_id = ${value(filter.visibleTo?.personId ?? null)}::bigint)`,
  ];
  const first = bySize ? '' : `ORDER BY r.id ${direction} LIMIT ${most}`;
  const some = (condition: string): string =>
    `(SELECT r.id FROM request r WHERE ${[condition, ...conditions.filter((each) => each)].join(' AND ')} ${first})`;
  const source = sourceOf(filter, some, value);
  if (!bySize)
    return { sql: `SELECT found.id FROM (${source}) found ORDER BY found.id ${direction} LIMIT ${most}`, values };
  const next =
    after === undefined ? 'true' : `(bytes, id) < (${value(afterBytes ?? 0n)}::bigint, ${value(after)}::bigint)`;
  return {
    sql: `SELECT id FROM (${withBytes(source)}) sized WHERE ${next} ORDER BY bytes DESC, id DESC LIMIT ${most}`,
    values,
  };
}

/** The size is a sum of few kept totals each: the cost grows with the number of requests. */
function withBytes(source: string): string {
  return `SELECT found.id, (SELECT coalesce(sum(t.bytes), 0)::bigint FROM file_total t WHERE t.request_id = found.id AND t.state <> 'skipped') AS bytes
    FROM (${source}) found`;
}

/**
 * Each person, group and state is looked up on its own in the index that it has, in the order of the numbers: the requests
 * of others are not read.
 */
function sourceOf(
  { visibleTo, states }: RequestFilter,
  some: (condition: string) => string,
  value: (given: unknown) => string,
): string {
  const each = (values: string, column: string): string =>
    `SELECT found.id FROM unnest(${values}) AS wanted(value) CROSS JOIN LATERAL ${some(`r.${column} = wanted.value`)} found`;
  if (!visibleTo) return states ? each(`${value([...new Set(states)])}::text[]`, 'state') : some('true');
  const person = `${value(visibleTo.personId)}::bigint`;
  return [
    some(`r.owner_id = ${person}`),
    some(`r.requester_id = ${person}`),
    each(`${value(visibleTo.groupIds)}::bigint[]`, 'group_id'),
  ].join(' UNION ');
}

function contains(text: string): string {
  return `(strpos(lower(r.owner || E'\\n' || r.requester || E'\\n' || r.group_name), lower(${text}::text)) > 0 OR r.id::text = ${text}::text)`;
}

/** A condition on `request r`: what these may see, everything if undefined. `value` adds a parameter. */
export function isVisible(visibleTo: Visibility | undefined, value: (given: unknown) => string): string {
  if (!visibleTo) return 'true';
  const person = `${value(visibleTo.personId)}::bigint`;
  return `(r.owner_id = ${person} OR r.requester_id = ${person} OR r.group_id = ANY(${value(visibleTo.groupIds)}::bigint[]))`;
}
