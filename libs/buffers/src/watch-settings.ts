import { z } from 'zod';
import { pathTemplate, wordsOf } from './templates';

const known = ['login', 'group', 'project', 'dataset'];
const fileName = z
  .string()
  .regex(/^[^/\0]+$/, { error: 'must be the name of a file' })
  .refine((name) => name !== '.' && name !== '..', { error: 'must be the name of a file' });

/** How sets that are complete are ordered without anyone asking for it. */
export const watchSettings = z
  .strictObject({
    /** Directories of this form are sets: `{login}/{dataset}`, with `{group}` and `{project}` where wanted. */
    layout: pathTemplate.optional(),
    /** A file `import.yml` in a directory makes it a set: of the person whose directory it is in, or of anyone it names. */
    manifests: z.enum(['none', 'own', 'any']).default('none'),
    /** How many levels down manifests are looked for. */
    depth: z.number().int().min(1).max(8).default(4),
    /** A set is complete once it has a file of this name. */
    marker: fileName.optional(),
  })
  .refine(({ layout, manifests }) => layout !== undefined || manifests !== 'none', {
    error: 'must have a layout, or manifests',
  })
  .refine(({ layout }) => layout === undefined || wordsOf(layout).every((word) => known.includes(word)), {
    path: ['layout'],
    error: `may have the words ${known.join(', ')}`,
  })
  .refine(
    ({ layout }) => layout === undefined || ['login', 'dataset'].every((word) => wordsOf(layout).includes(word)),
    { path: ['layout'], error: 'must have the words login and dataset' },
  );

export type WatchSettings = z.output<typeof watchSettings>;
