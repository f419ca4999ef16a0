import { isUtf8 } from 'node:buffer';
import { ownerOf, type BufferSettings } from '@coldroom/buffers';
import { Refused } from '@coldroom/domain';
import type { ImportWish } from '@coldroom/operations';
import type { Manifest } from './manifest';

export type WatchWish = Omit<ImportWish, 'path' | 'origin'> & { readonly login: string };

/** What a manifest orders, and for whom. A manifest cannot order for another person, unless the site allows it. */
export function manifestWish(
  { target, user, group, transfer, name, description, annotate }: Manifest,
  set: Buffer,
  buffer: BufferSettings,
): WatchWish {
  const owner = ownerOf(set, buffer);
  const login = user ?? owner;
  if (login === undefined)
    throw new Refused(
      'IMPORT_MANIFEST_USER',
      'The manifest names no user, and this directory belongs to no single person. Name the user who is to have the images.',
    );
  if (buffer.watch?.manifests !== 'any' && login !== owner)
    throw new Refused(
      'IMPORT_MANIFEST_USER',
      `The manifest names the user ${JSON.stringify(login)}, but the directory is ${owner === undefined ? 'of no single person' : `of ${owner}`}. Put the set into the directory of that user.`,
    );
  const options = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(annotate === undefined || Object.keys(annotate).length === 0 ? {} : { annotations: Object.entries(annotate) }),
  };
  return { target, login, group, transfer, options };
}

/**
 * What the layout of a buffer orders. OMERO's importer has no projects, so the name of a project becomes part of the
 * dataset's name: two datasets of one name in two projects stay two.
 */
export function layoutWish(words: ReadonlyMap<string, Buffer>): WatchWish {
  const text = (word: string): string | undefined => {
    const bytes = words.get(word);
    if (bytes === undefined || isUtf8(bytes)) return bytes?.toString();
    throw new Refused(
      'IMPORT_LAYOUT_NAME',
      `The name of the ${word} is not in UTF-8, so OMERO cannot have it. Rename the directory.`,
    );
  };
  const [project, dataset, login] = [text('project'), text('dataset') ?? '', text('login') ?? ''];
  const name = project === undefined ? dataset : `${project} - ${dataset}`;
  return { target: `Dataset:name:${name}`, login, group: text('group'), options: {} };
}
