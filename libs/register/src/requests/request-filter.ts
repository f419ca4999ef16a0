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
  /** Only those that these may see. */
  readonly visibleTo?: Visibility | undefined;
}

/** A person sees what they own or requested, and what belongs to these groups. */
export interface Visibility {
  readonly personId: bigint | null;
  readonly groupIds: readonly bigint[];
}

/** Part of a list of requests, newest first. */
export interface RequestPage {
  /** Only requests with a smaller number: for paging through a long list. */
  readonly before?: bigint | undefined;
  readonly limit?: number | undefined;
}

/** A query for the numbers of these requests, newest first. */
export function selectRequests(
  filter: RequestFilter,
  { before, limit }: RequestPage,
): { readonly sql: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const most = value(limit ?? null);
  const conditions = [
    before !== undefined && `r.id < ${value(before)}`,
    filter.states && `r.state = ANY(${value(filter.states)}::text[])`,
    filter.groupId !== undefined && `r.group_id = ${value(filter.groupId)}`,
    filter.ownerId !== undefined && `r.owner_id = ${value(filter.ownerId)}`,
    filter.requesterId !== undefined && `r.requester_id = ${value(filter.requesterId)}`,
    filter.store !== undefined &&
      `EXISTS (SELECT FROM file_total t WHERE t.request_id = r.id AND t.store = ${value(filter.store)} AND t.files > 0)`,
    filter.text && contains(value(filter.text)),
  ];
  const newest = (condition: string): string =>
    `(SELECT r.id FROM request r WHERE ${[condition, ...conditions.filter((each) => each)].join(' AND ')} ORDER BY r.id DESC LIMIT ${most})`;
  const source = sourceOf(filter, newest, value);
  return { sql: `SELECT found.id FROM (${source}) found ORDER BY found.id DESC LIMIT ${most}`, values };
}

/**
 * Each person, group and state is looked up on its own in the index that it has, newest first: the requests of others
 * are not read.
 */
function sourceOf(
  { visibleTo, states }: RequestFilter,
  newest: (condition: string) => string,
  value: (given: unknown) => string,
): string {
  const each = (values: string, column: string): string =>
    `SELECT found.id FROM unnest(${values}) AS wanted(value) CROSS JOIN LATERAL ${newest(`r.${column} = wanted.value`)} found`;
  if (!visibleTo) return states ? each(`${value([...new Set(states)])}::text[]`, 'state') : newest('true');
  const person = `${value(visibleTo.personId)}::bigint`;
  return [
    newest(`r.owner_id = ${person}`),
    newest(`r.requester_id = ${person}`),
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
