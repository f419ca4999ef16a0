import { Refused, messageOf } from '@coldroom/domain';
import { readFile } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** What links will name: written out in full, so that all services and OMERO mean the same place. */
const absoluteDirectory = z.string().refine((path) => isAbsolute(path) && path !== '/' && normalize(path) === path && !path.endsWith('/'), {
  error: 'must be an absolute path without "..", "//" or a slash at its end',
});

const fileStore = z.strictObject({
  kind: z.literal('file'),
  directory: absoluteDirectory,
  /** Allows a store on the repository's own file system: one broken disk then takes original and copy. */
  sameFileSystem: z.boolean().default(false),
  /** `cached` gives up the proof that a copy is on the disk, for file systems that can give none. */
  verify: z.enum(['direct', 'cached']).default('direct'),
});

const storeName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and hyphens' });

const storesSettings = z.strictObject({
  default: storeName,
  stores: z.record(storeName, z.discriminatedUnion('kind', [fileStore])),
}).refine((settings) => Object.hasOwn(settings.stores, settings.default), { path: ['default'], error: 'names no store of the list' });

export type FileStoreSettings = z.infer<typeof fileStore>;
export type StoreSettings = StoresSettings['stores'][string];
export type StoresSettings = z.infer<typeof storesSettings>;

/** Reads and checks the file that names the stores (YAML or JSON). `Refused` `STORES_INVALID` tells all faults at once. */
export async function readStores(path: string): Promise<StoresSettings> {
  let read: unknown;
  try {
    read = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, [messageOf(error)], error);
  }
  return parseStores(read, path);
}

/** The same for settings that are read already; `path` is for the message. */
export function parseStores(read: unknown, path = 'stores'): StoresSettings {
  const parsed = storesSettings.safeParse(read);
  if (parsed.success) return parsed.data;
  throw invalid(path, parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`));
}

function invalid(path: string, faults: readonly string[], cause?: unknown): Refused {
  return new Refused('STORES_INVALID', `The stores in ${path} are not set up right:\n${faults.map((fault) => `- ${fault}`).join('\n')}`, { faults }, { cause });
}
