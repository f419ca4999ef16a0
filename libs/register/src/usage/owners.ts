import type { Visibility } from '../requests/request-filter';

export interface UsageFilter {
  /** Only what these may see. */
  readonly visibleTo?: Visibility | undefined;
  readonly groupId?: bigint | undefined;
  readonly ownerId?: bigint | undefined;
}

/** Whose something is, under the names of the last scan. */
export interface UsageOwner {
  readonly groupId: bigint;
  readonly group: string;
  readonly ownerId: bigint;
  /** The login name. */
  readonly owner: string;
  readonly fullName: string;
}

/** SQL: of `s`, which has `group_id`, `group_name`, `owner_id` and `owner_name`. */
export const ownerNames = `s.group_id AS "groupId", coalesce(g.name, s.group_name) AS "group", s.owner_id AS "ownerId",
  coalesce(p.login, s.owner_name) AS owner, coalesce(nullif(p.full_name, ''), p.login, s.owner_name) AS "fullName"`;
export const joinNames = 'LEFT JOIN person_group g ON g.id = s.group_id LEFT JOIN person p ON p.id = s.owner_id';

/** SQL: whether the group and the owner of a table are those of the filter. */
export function isChosen(
  { groupId, ownerId }: Pick<UsageFilter, 'groupId' | 'ownerId'>,
  table: string,
  value: (given: unknown) => string,
): string {
  return [
    ...(groupId === undefined ? [] : [`${table}.group_id = ${value(groupId)}`]),
    ...(ownerId === undefined ? [] : [`${table}.owner_id = ${value(ownerId)}`]),
    'true',
  ].join(' AND ');
}

/** SQL: whether these may see what its owner has in its group; nothing of it was requested. */
export function isOwned(visibleTo: Visibility | undefined, table: string, value: (given: unknown) => string): string {
  if (!visibleTo) return 'true';
  const { personId, groupIds } = visibleTo;
  return `(${table}.owner_id = ${value(personId)}::bigint OR ${table}.group_id = ANY(${value(groupIds)}::bigint[]))`;
}
