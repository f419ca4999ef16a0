import { z } from 'zod';
import { requestStates } from '@coldroom/domain';
import { requestOrders } from '@coldroom/register';
import { parseAs, writtenText } from './input';

const id = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt)
  .optional();
const text = writtenText(200)
  .transform((given) => given.trim() || undefined)
  .optional();

const fields = z.strictObject({
  /** Empty as in a form in which none is chosen. */
  state: z.union([z.literal('').transform(() => undefined), z.enum(requestStates)]).optional(),
  group: id,
  owner: id,
  store: text,
  text,
  sort: z.enum(requestOrders).optional(),
  /** What comes after this request, which had so many bytes: the next page. */
  after: id,
  bytes: id,
});

/** What the list of requests shows, as its address says it. */
export type Search = z.output<typeof fields>;

export const parseSearch = (query: unknown): Search => parseAs(fields, query);

/** The address of the same list with some of it changed; undefined leaves a field out. */
export function addressOf(search: Search, change: Partial<Search>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...search, after: undefined, bytes: undefined, ...change }))
    if (value !== undefined) query.set(name, value.toString());
  return query.size === 0 ? '/requests' : `/requests?${query}`;
}
