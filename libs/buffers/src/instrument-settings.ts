import { parseDuration } from '@coldroom/runtime';
import { z } from 'zod';
import { pathTemplate, wordsOf } from './templates';

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 10m' });
  return z.NEVER;
});

const units: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9 };
/** In bytes a second. */
export const rate = z.string().transform((text, context) => {
  const [, amount, unit] = /^(\d{1,6}(?:\.\d)?) ?(kB|MB|GB)\/s$/.exec(text) ?? [];
  const bytes = Number(amount) * (units[unit ?? ''] ?? NaN);
  if (bytes >= 1024) return bytes;
  context.addIssue({ code: 'custom', message: 'must be an amount such as 100MB/s' });
  return z.NEVER;
});

/** A directory on this machine, or one that rsync reaches over ssh. Nothing in it may be taken for an option. */
const from = z.union(
  [
    z.string().regex(/^\/(?!.*\/\.\.?(\/|$))[^\0\n]+$/),
    z.string().regex(/^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:\/[^\0\n]+$/),
  ],
  { error: 'must be an absolute path, or user@host:/path' },
);

/** A place to which a microscope writes, and where its sets go. */
export const instrumentSettings = z
  .strictObject({
    from,
    /** Directories of this form are sets: `{login}/{name}`. */
    sets: pathTemplate,
    into: z.strictObject({ buffer: z.string(), directory: pathTemplate }),
    every: duration.refine((ms) => ms >= 60_000, { error: 'must be at least 1m' }).default(600_000),
    rate: rate.optional(),
    ready: z
      .strictObject({
        /** Nothing changed for this long. */
        stable: duration.default(600_000),
        /** The set has a file of this name. */
        marker: z
          .string()
          .regex(/^[^/\0\n]+$/)
          .optional(),
      })
      .default({ stable: 600_000 }),
    /** The program that reaches another machine, as rsync takes it. */
    ssh: z
      .string()
      .regex(/^[^\0\n]+$/)
      .default('ssh -o BatchMode=yes -o ConnectTimeout=30'),
  })
  .refine(({ sets, into }) => wordsOf(into.directory).every((word) => wordsOf(sets).includes(word)), {
    path: ['into', 'directory'],
    error: 'has a word that is not among those of sets',
  })
  .refine(({ sets, into }) => wordsOf(sets).every((word) => wordsOf(into.directory).includes(word)), {
    path: ['into', 'directory'],
    error: 'must have all words of sets, or two sets would go to the same place',
  });

export type InstrumentSettings = z.output<typeof instrumentSettings>;
