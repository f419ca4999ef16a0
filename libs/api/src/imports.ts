import { z } from 'zod';
import { importStates, transferModes } from '@coldroom/domain';
import { importOrigins } from '@coldroom/register';
import { bytes, count, id, pageOf, permitted, time } from './values';

const importState = z.enum(importStates).meta({ id: 'ImportState' });

const planned = {
  personId: id.describe("OMERO's number of the person to whom the images will belong"),
  person: z.string(),
  groupId: id,
  group: z.string(),
  source: z.string().describe('The path in the buffer, as it is shown: odd bytes are written as `\\xNN`'),
  target: z.string().describe('As OMERO takes it, such as `Dataset:5`'),
  transfer: z.enum(transferModes),
  options: z.object({
    name: z.string().optional(),
    description: z.string().optional(),
    annotations: z
      .array(z.tuple([z.string(), z.string()]))
      .optional()
      .describe('Keys and values that the images get'),
    again: z.boolean().optional(),
  }),
  origin: z.enum(importOrigins),
};

const order = z
  .object({
    id,
    state: importState,
    stuckFrom: importState.nullable().describe('Where it got stuck; null if it is not stuck'),
    code: z.string().nullable().describe('Why it is stuck or cancelled'),
    reason: z.string().nullable(),
    cancelBy: z.string().nullable().describe('Who wants it ended'),
    note: z.string().nullable().describe('What it waits for'),
    ...planned,
    orderedBy: z.string(),
    orderedAt: time,
    lock: z.enum(['links', 'moved', 'none']).nullable().describe('How its files are kept from change'),
    files: count.describe('0 until the set is complete'),
    bytes,
    provenAt: time.nullable().describe('When all of it was proven to be in OMERO'),
  })
  .meta({ id: 'Import' });

export const importsPage = pageOf(order);

export const importReview = z
  .object({
    import: order,
    amounts: z.object({
      filesets: count,
      imported: count.describe('Filesets that OMERO has'),
      images: count,
      proven: count.describe('Files that are proven to be in OMERO'),
      removed: count.describe('Sources that were removed from the buffer'),
      leftOut: count.nullable().describe("Files that OMERO's importer left out; null until it was asked"),
      leftOutFirst: z.array(z.string()).describe('The first of them'),
    }),
    filesets: z
      .array(
        z.object({
          number: count,
          reader: z.string(),
          files: count,
          filesetId: id.nullable(),
          images: count.nullable(),
        }),
      )
      .describe('The first'),
    attempts: z.array(
      z.object({
        number: count,
        startedAt: time,
        closedAt: time.nullable(),
        judgedAt: time.nullable().describe('When OMERO was asked what it made'),
        exitCode: z.int().nullable(),
        lastLines: z.string().nullable().describe("What OMERO's importer said last; null while it runs"),
      }),
    ),
    events: z
      .array(
        z.object({
          at: time,
          actor: z.string(),
          what: z.string(),
          from: importState.nullable(),
          to: importState.nullable(),
          code: z.string().nullable(),
        }),
      )
      .describe('Newest first'),
    permitted,
  })
  .meta({ id: 'ImportReview' });

const preview = z
  .object({
    files: count,
    bytes,
    filesetCount: count,
    filesets: z.array(z.object({ reader: z.string(), files: count, name: z.string() })).describe('The first'),
    refusedCount: count,
    refused: z
      .array(z.object({ name: z.string(), code: z.string() }))
      .describe('The first files that would not be imported, and why'),
  })
  .meta({ id: 'ImportPreview' });

export const importOrdered = z
  .object({ import: order, isNew: z.boolean().describe('False: it was ordered before, and is not at its end') })
  .meta({ id: 'ImportOrdered' });
export const importAnswer = z.union([
  importOrdered,
  z
    .object({
      plan: z.object(planned),
      preview: preview.nullable().describe('Null while the importer looks at the files: send the same again'),
    })
    .meta({ id: 'ImportPlan', description: 'The answer to a dry run' }),
]);

export const importSteered = z
  .object({
    id,
    state: importState,
    done: z.boolean().describe('False: the importer does it when what runs has ended'),
  })
  .meta({ id: 'ImportSteered' });

export const browsed = z
  .object({
    path: z.string().nullable().describe('Null for the directories to start from'),
    entries: z.array(
      z.object({
        name: z.string(),
        path: z.string().nullable().describe('Null for a name that is not UTF-8, which OMERO cannot import'),
        kind: z.enum(['file', 'directory']),
        size: bytes.nullable(),
        changedAt: time,
      }),
    ),
    more: count.describe('Entries that are not listed'),
  })
  .meta({ id: 'BufferDirectory' });
