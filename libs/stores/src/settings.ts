import { Refused, messageOf } from '@coldroom/domain';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { overlaps } from './overlaps';
import { arkivumStore, copiesStore, fileStore, olderStore, s3Store } from './store-settings';

const storeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and hyphens' });

const storesSettings = z
  .strictObject({
    default: storeName,
    stores: z.record(
      storeName,
      z.discriminatedUnion('kind', [fileStore, arkivumStore, s3Store, copiesStore, olderStore]),
    ),
    /** The store for requests of a group, by the group's name in OMERO; all others use the default. */
    groups: z.record(z.string(), storeName).default({}),
  })
  .refine((settings) => Object.hasOwn(settings.stores, settings.default), {
    path: ['default'],
    error: 'names no store of the list',
  })
  .refine((settings) => Object.values(settings.groups).every((name) => Object.hasOwn(settings.stores, name)), {
    path: ['groups'],
    error: 'names a store that is not in the list',
  })
  .refine(
    ({ stores }) =>
      Object.values(stores).every(
        (store) =>
          store.kind !== 'copies' ||
          store.of.every(
            (name) => Object.hasOwn(stores, name) && !['copies', 'older'].includes(stores[name]?.kind ?? ''),
          ),
      ),
    { path: ['stores'], error: 'a store of kind copies must name plain stores of the list that can be written' },
  )
  .refine(
    ({ stores, groups, ...settings }) =>
      [settings.default, ...Object.values(groups)].every((name) => stores[name]?.kind !== 'older'),
    { path: ['default'], error: 'and groups must not name a store of kind older, which is only read' },
  )
  .check(({ value, issues }) => {
    for (const message of overlaps(value.stores))
      issues.push({ code: 'custom', path: ['stores'], message, input: value.stores });
  });

export type StoreSettings = StoresSettings['stores'][string];
export type StoresSettings = z.infer<typeof storesSettings>;

/**
 * Whether links into a store lead elsewhere than to the copies, which must then be recalled. False for a store that is
 * not in the list.
 */
export function isRecallable(name: string, { stores }: StoresSettings): boolean {
  const store = stores[name];
  return (store?.kind === 'copies' ? stores[store.of[0] ?? '']?.kind : store?.kind) === 's3';
}

/** The directories on this machine that a store's settings name, with the marker that each must have. */
export function markedDirectories(
  name: string,
  settings: StoreSettings,
): readonly { readonly path: string; readonly marker: string }[] {
  switch (settings.kind) {
    case 'file':
    case 'older':
      return [{ path: settings.directory, marker: name }];
    case 'arkivum':
      return [{ path: settings.mount, marker: name }];
    case 's3':
      return [{ path: settings.recallDirectory, marker: 'recall' }];
    case 'copies':
      return [];
  }
}

/**
 * Reads and checks the file that names the stores (YAML or JSON). `Refused` `STORES_INVALID` reports all faults at
 * once.
 */
export async function readStores(path: string): Promise<StoresSettings> {
  let read: unknown;
  try {
    read = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, [messageOf(error)], error);
  }
  return parseStores(read, path);
}

/** The same for settings that have been read already; `path` is for the message. */
export function parseStores(read: unknown, path = 'stores'): StoresSettings {
  const parsed = storesSettings.safeParse(read);
  if (parsed.success) return parsed.data;
  throw invalid(
    path,
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`),
  );
}

function invalid(path: string, faults: readonly string[], cause?: unknown): Refused {
  return new Refused(
    'STORES_INVALID',
    `The stores in ${path} are not set up right:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    { faults },
    { cause },
  );
}
