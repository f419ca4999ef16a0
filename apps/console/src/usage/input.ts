import { z } from 'zod';
import { largestId, parseAs } from '../requests/input';

/** OMERO has groups and users whose id is 0. */
const omeroId = z
  .string()
  .regex(/^\d{1,19}$/, 'must be a number, such as 3')
  .transform(BigInt)
  .refine((id) => id <= largestId, 'is too large')
  .optional();

/** As the page and the API take it. */
export const usageQuery = z.strictObject({ group: omeroId, owner: omeroId });

export const tables = ['owners', 'projects', 'days'] as const;
const csvChoice = z.strictObject({ ...usageQuery.shape, of: z.enum(tables).default('owners') });

/** Whose usage is shown; undefined for all that one may see. */
export interface Choice {
  readonly groupId: bigint | undefined;
  readonly ownerId: bigint | undefined;
}

export const choiceOf = ({ group, owner }: z.output<typeof usageQuery>): Choice => ({ groupId: group, ownerId: owner });

export const parseChoice = (query: unknown): Choice => choiceOf(parseAs(usageQuery, query));

export function parseCsvChoice(query: unknown): Choice & { readonly of: (typeof tables)[number] } {
  const { of, ...chosen } = parseAs(csvChoice, query);
  return { ...choiceOf(chosen), of };
}

/** The address of the page, or of a download, for this choice. */
export function addressOf(
  path: string,
  { groupId, ownerId }: Partial<Choice>,
  more: Record<string, string> = {},
): string {
  const query = new URLSearchParams(more);
  if (groupId !== undefined) query.set('group', groupId.toString());
  if (ownerId !== undefined) query.set('owner', ownerId.toString());
  return query.size === 0 ? path : `${path}?${query}`;
}
