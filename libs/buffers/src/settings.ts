import { messageOf, Refused, transferModes } from '@coldroom/domain';
import { parseDuration } from '@coldroom/runtime';
import { readFile } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { instrumentSettings, rate } from './instrument-settings';
import { freeSpace } from './free-space';
import { touches } from './places';
import { uploadSettings } from './upload-settings';
import { watchSettings } from './watch-settings';

const absoluteDirectory = z
  .string()
  .refine((path) => isAbsolute(path) && path !== '/' && normalize(path) === path && !path.endsWith('/'), {
    error: 'must be an absolute path without "..", "//" or a slash at its end',
  });

/** A path below the buffer's directory. */
const below = z.string().refine(isBelow, { error: 'must be a path below the directory, without "." or ".."' });

function isBelow(path: string): boolean {
  return path.split('/').every((name) => !['', '.', '..'].includes(name) && !name.includes('\0'));
}

/** YAML reads `0` as a number. */
const duration = z.union([z.literal(0), z.string()]).transform((value, context) => {
  if (value === 'never') return null;
  const ms = value === 0 ? 0 : parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 60d or 0, or never' });
  return z.NEVER;
});

const bufferSettings = z
  .strictObject({
    directory: absoluteDirectory,
    /** Where the files of orders are kept from change. On the same file system; only the service may write there. */
    locks: absoluteDirectory.optional(),
    /** How the files of an order are kept from change: by hard links, by a move into `locks`, or not at all. */
    lock: z.enum(['links', 'moved', 'none']).default('links'),
    /** What is done where hard links cannot be made. */
    fallback: z.enum(['moved', 'none', 'refuse']).default('refuse'),
    /** Nothing in it is ever changed or removed, so OMERO may have symbolic links into it. */
    permanent: z.boolean().default(false),
    transfers: z.array(z.enum(transferModes)).min(1).default(['upload']),
    remove: duration.optional(),
    /** What stays in the buffer when OMERO's importer left files out: just these, or their whole set. */
    leftOut: z.enum(['file', 'set']).default('file'),
    lifetime: duration.default(60 * 86_400_000),
    access: below
      .refine((template) => template.includes('{login}'), { error: 'must contain {login}' })
      .default('{login}'),
    /** `.` is the whole buffer. */
    shared: z.array(z.literal('.').or(below)).default([]),
    watch: watchSettings.optional(),
    /** Workstations may upload to it. */
    uploads: uploadSettings.optional(),
    /** A root that OMERO's server can read, for a buffer that it cannot: locked files are copied there and imported there. */
    sync: absoluteDirectory.optional(),
    /** Of these copies. */
    rate: rate.optional(),
    /** Below this much free space, administrators get mail. */
    warnBelow: freeSpace.default({ percent: 10 }),
  })
  .refine(({ permanent, transfers }) => permanent || !transfers.includes('ln_s'), {
    path: ['transfers'],
    error: 'ln_s is only for a permanent buffer: OMERO then reads the source itself from then on',
  })
  .refine(({ permanent, remove }) => !permanent || remove === undefined || remove === null, {
    path: ['remove'],
    error: 'must be never in a permanent buffer',
  })
  .refine(({ permanent, lock, fallback }) => !permanent || (lock !== 'moved' && fallback !== 'moved'), {
    path: ['lock'],
    error: 'must not be moved in a permanent buffer',
  })
  .refine(({ sync, transfers }) => sync === undefined || !transfers.includes('ln_s'), {
    path: ['sync'],
    error: 'is not for ln_s: OMERO would read the copy itself, which is removed after the import',
  })
  .refine(
    ({ sync, directory, locks }) =>
      ![directory, locks].some(
        (place) => place !== undefined && sync !== undefined && touches(Buffer.from(place), Buffer.from(sync)),
      ),
    {
      path: ['sync'],
      error: 'must not be in the buffer, nor among its locks, nor contain them',
    },
  )
  .refine(({ locks, directory }) => locks !== directory, { path: ['locks'], error: 'must not be the buffer itself' });

const bufferName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and hyphens' });

const importsSettings = z
  .strictObject({
    buffers: z.record(bufferName, bufferSettings),
    instruments: z.record(bufferName, instrumentSettings).default({}),
  })
  .transform(({ buffers, instruments }) => ({
    instruments: Object.entries(instruments).map(([name, instrument]) => ({ name, ...instrument })),
    buffers: Object.entries(buffers).map(([name, { remove, lifetime, locks, ...buffer }]) => ({
      name,
      ...buffer,
      locks: locks ?? `${buffer.directory}/.coldroom-locks`,
      /** How long after the proof a source is kept, in milliseconds; null: no end. */
      removeAfterMs: buffer.permanent ? null : remove === undefined ? 60 * 86_400_000 : remove,
      /** Data that was not imported for longer is reported; null: never. It is not removed. */
      lifetimeMs: lifetime,
    })),
  }))
  .refine(
    ({ buffers, instruments }) =>
      instruments.every(({ into }) => buffers.some(({ name, permanent }) => name === into.buffer && !permanent)),
    { path: ['instruments'], error: 'must go into a buffer of the list that is not permanent' },
  )
  .refine(({ buffers }) => buffers.length > 0, { path: ['buffers'], error: 'must name at least one buffer' })
  .check(({ value, issues }) => {
    for (const message of shares(value.buffers))
      issues.push({ code: 'custom', path: ['buffers'], message, input: value.buffers });
  });

export type ImportsSettings = Readonly<z.output<typeof importsSettings>>;
export type BufferSettings = Readonly<ImportsSettings['buffers'][number]>;
export type Instrument = Readonly<ImportsSettings['instruments'][number]>;
export type BufferLock = BufferSettings['lock'];

interface Places {
  readonly name: string;
  readonly directory: string;
  readonly locks: string;
  readonly sync?: string | undefined;
}

const placesOf = ({ directory, locks, sync }: Places): readonly Buffer[] =>
  [directory, locks, sync].flatMap((place) => (place === undefined ? [] : [Buffer.from(place)]));

/** Buffers that share a place, one fault for each pair: a source would belong to two of them. */
function shares(buffers: readonly Places[]): readonly string[] {
  return buffers.flatMap((one, at) =>
    buffers
      .slice(at + 1)
      .filter((other) => placesOf(one).some((place) => placesOf(other).some((taken) => touches(place, taken))))
      .map((other) => `${one.name} and ${other.name} share a directory: each buffer needs directories of its own`),
  );
}

/** Reads and checks the imports file (YAML or JSON). `Refused` `IMPORTS_INVALID` reports all faults at once. */
export async function readImportsSettings(path: string): Promise<ImportsSettings> {
  let read: unknown;
  try {
    read = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(path, [messageOf(error)], error);
  }
  return parseImports(read, path);
}

/** The same for settings that have been read already; `path` is for the message. */
export function parseImports(read: unknown, path = 'imports'): ImportsSettings {
  const parsed = importsSettings.safeParse(read);
  if (parsed.success) return parsed.data;
  throw invalid(
    path,
    parsed.error.issues.map((issue) => {
      const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
      return `${issue.path.join('.') || 'the file'}: ${message}`;
    }),
  );
}

function invalid(path: string, faults: readonly string[], cause?: unknown): Refused {
  return new Refused(
    'IMPORTS_INVALID',
    `The buffers in ${path} are not set up right:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    { faults },
    { cause },
  );
}
