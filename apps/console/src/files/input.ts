import { z } from 'zod';
import { rootNames, type FileState } from '@coldroom/domain';
import { stays, statesOf, type Stay } from '@coldroom/operations';
import type { FileFilter } from '@coldroom/register';
import { largestId } from '../requests/input';

export const pageSize = 50;

/** As PostgreSQL's bigint holds it. */
export const idText = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, 'must be a whole number, such as 12')
  .transform(BigInt)
  .refine((id) => id <= largestId, 'is too large');

/** A field that was left empty says nothing. */
const left = <T extends z.ZodType>(field: T) =>
  z.preprocess((given) => (given === '' ? undefined : given), field.optional());

/** What the page and the API have in common. */
export const searchFields = {
  path: left(z.string().max(4096, 'is too long')),
  image: left(idText),
  fileset: left(
    z
      .string()
      .regex(/^(?:(?:Fileset|Legacy):)?[1-9]\d{0,18}$/, 'must be a number, such as 9 or Fileset:9')
      .transform((text) => (text.includes(':') ? text : `Fileset:${text}`)),
  ),
  request: left(idText),
  code: left(z.string().regex(/^[A-Z][A-Z0-9_]{0,59}$/, 'must be a code, such as HASH_DIFFERS')),
};

const search = z.strictObject({
  ...searchFields,
  state: left(z.enum(stays, 'must be one of the list')),
  after: left(idText),
});

/** Which files someone looks for, as the page's form and the API send it. */
export type Search = Partial<z.output<typeof search>>;

export function parseSearch(query: unknown): { readonly search: Search; readonly problem?: string } {
  const parsed = search.safeParse(query);
  if (parsed.success) return { search: parsed.data };
  const [issue] = parsed.error.issues;
  return { search: {}, problem: `${issue?.path.join('.') || 'The search'}: ${issue?.message}` };
}

export function filterOf({ path, image, fileset, request, state, code, after }: Search): FileFilter {
  return {
    limit: pageSize + 1,
    ...(path !== undefined && pathFilter(path)),
    ...(image !== undefined && { imageId: image }),
    ...(fileset !== undefined && { fileset }),
    ...(request !== undefined && { requestId: request }),
    ...(state !== undefined && { states: statesFor(state) }),
    ...(code !== undefined && { code }),
    ...(after !== undefined && { after }),
  };
}

const statesFor = (stay: Stay): readonly FileState[] => statesOf(stay);

const belowRoot = new RegExp(`^(?:.*/)?(${rootNames.join('|')})(?:/(.*))?$`, 's');

/** Below a root, or the full path as OMERO.server's machine has it. Bytes that are no text are written `\xNN`, as they are shown. */
function pathFilter(text: string): Pick<FileFilter, 'path'> {
  const [, root, below] = belowRoot.exec(text) ?? [];
  const prefix = bytesOf((root === undefined ? text : (below ?? '')).replace(/^\/+/, ''));
  const known = rootNames.find((each) => each === root);
  if (known) return { path: { root: known, prefix } };
  return prefix.length > 0 ? { path: { prefix } } : {};
}

function bytesOf(text: string): Buffer {
  return Buffer.concat(
    text
      .split(/(\\x[0-9a-f]{2})/i)
      .map((part, at) => (at % 2 === 1 ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part))),
  );
}
