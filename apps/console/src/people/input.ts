import { z } from 'zod';
import { roles } from '@coldroom/operations';
import { largestId, parseAs, writtenText } from '../requests/input';

const left = <T extends z.ZodType>(field: T) =>
  z.preprocess((given) => (given === '' ? undefined : given), field.optional());

/** What the page and the API have in common. OMERO has groups whose id is 0. */
export const peopleFields = {
  text: left(writtenText(200)),
  group: left(
    z
      .string()
      .regex(/^\d{1,19}$/, 'must be the number of a group, such as 3')
      .transform(BigInt)
      .refine((id) => id <= largestId, 'is too large'),
  ),
  role: left(z.enum(roles)),
};

/** `after` is the login name that the page before this one ended with. */
const search = z.strictObject({ ...peopleFields, after: left(writtenText(255)) });

/** Whom someone looks for, as the address of the page says it. */
export type Search = z.output<typeof search>;

export const parseSearch = (query: unknown): Search => parseAs(search, query);

/** The address of the list with some of it changed; undefined leaves a field out. */
export function addressOf(given: Search, change: Partial<Search>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...given, after: undefined, ...change }))
    if (value !== undefined) query.set(name, value.toString());
  return query.size === 0 ? '/people' : `/people?${query}`;
}
