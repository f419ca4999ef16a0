import { parseDuration } from '@coldroom/runtime';
import { z } from 'zod';
import { pathTemplate, wordsOf } from './templates';

const units: Readonly<Record<string, bigint>> = { MB: 10n ** 6n, GB: 10n ** 9n, TB: 10n ** 12n };

const amount = z.string().transform((text, context): bigint => {
  const [, number = '', unit = ''] = /^(\d{1,6}) ?(MB|GB|TB)$/.exec(text) ?? [];
  const bytes = BigInt(number) * (units[unit] ?? 0n);
  if (bytes > 0n) return bytes;
  context.addIssue({ code: 'custom', message: 'must be an amount such as 500GB' });
  return z.NEVER;
});

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 3_600_000) return ms;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 14d, and at least 1h' });
  return z.NEVER;
});

const words: readonly string[] = ['workstation', 'name'];
const usualDirectory = '{workstation}/{name}';

/** What workstations may upload to a buffer. */
export const uploadSettings = z
  .strictObject({
    /** Where a set goes, in the directory of its person. */
    directory: pathTemplate.optional(),
    /** The largest set. */
    most: amount.default(10n ** 13n),
    /** What stays free on the file system of the buffer. */
    spare: amount.default(10n ** 11n),
    /** An upload on which no workstation worked for so long is discarded. */
    expire: duration.default(14 * 86_400_000),
  })
  .transform(({ directory, ...rest }) => ({ directory: directory ?? pathTemplate.parse(usualDirectory), ...rest }))
  .refine(({ directory }) => wordsOf(directory).includes('name'), { path: ['directory'], error: 'must have {name}' })
  .refine(({ directory }) => wordsOf(directory).every((word) => words.includes(word)), {
    path: ['directory'],
    error: 'has a word that is neither {workstation} nor {name}',
  });

export type UploadSettings = Readonly<z.output<typeof uploadSettings>>;
