import { z } from 'zod';
import { amount, bytes, count, fileState, id, pageOf, permitted, time } from './values';

const way = z.enum(['restore', 'recall']);
const summary = z
  .object({
    id,
    requestId: id,
    ownerId: id,
    requesterId: id,
    groupId: id,
    askedAt: time,
    askedBy: z.string(),
    way,
    days: z.int().nullable().describe('How long recalled files stay; null for a restore'),
    filesets: count,
    images: count,
    ...amount,
    state: z.enum(['under way', 'blocked', 'done', 'ended']),
  })
  .meta({ id: 'Retrieval' });

const filesets = z.array(
  z.object({ requestId: id, fileset: z.string(), name: z.string(), images: count, files: count, bytes }),
);
const seen = z
  .string()
  .nullable()
  .describe('Of the images in datasets, projects, plates and screens; null if none was named');
const missing = z.array(z.string()).describe('What the archive does not have, or not for you');

export const retrievalsPage = pageOf(summary);

export const retrievalReview = z
  .object({
    retrieval: summary,
    amounts: z.array(
      z.object({ state: fileState, code: z.string().nullable(), ...amount, onlineUntil: time.nullable() }),
    ),
    filesets: filesets.describe('The first'),
    permitted,
  })
  .meta({ id: 'RetrievalReview' });

const wait = z.discriminatedUnion('kind', [
  z.object({ store: z.string(), kind: z.literal('tape') }),
  z.object({
    store: z.string(),
    kind: z.literal('class'),
    storageClass: z.string(),
    tier: z.string(),
    duration: z.string(),
  }),
]);

const plan = z
  .object({
    order: z.object({ way, days: z.int() }),
    plan: z.object({
      fetch: z.array(z.object({ store: z.string(), ...amount })),
      filesets: count,
      images: count,
      held: z.object(amount),
      underWay: z.object(amount),
      notArchived: z.object({ files: count, filesets: count, states: z.array(z.string()) }),
    }),
    needs: z.object(amount),
    freeBytes: bytes.optional().describe('Missing if the console does not see the file system of OMERO'),
    estimates: z.array(
      z.object({
        store: z.string(),
        seconds: z.int().nullable(),
        basis: z.object({ bags: count, ...amount, bytesPerSecond: z.number() }).nullable(),
      }),
    ),
    waits: z.array(wait),
    missing,
    seen,
    incomplete: z
      .array(z.object({ container: z.string(), images: count, missing: count }))
      .describe('Containers of which some images are not in the archive, or not for you'),
    filesets: filesets.describe('The first'),
  })
  .meta({ id: 'RetrievalPlan', description: 'The answer to a dry run' });

const asked = z
  .object({
    asked: count.describe('Files to be fetched'),
    undoing: count.describe('Files whose held originals are put in place again'),
    prolonged: count.describe('Recalled files that stay for longer'),
    retrievals: z.array(id).describe('What has begun'),
    missing,
  })
  .meta({ id: 'RetrievalAsked' });

export const retrievalAnswer = z.union([asked, plan]);
export const cancellationAnswer = z.union([
  z.object({ cancelled: count.describe('Files that stay archived'), missing }).meta({ id: 'CancellationDone' }),
  z
    .object({ underWay: z.object(amount).describe('What would stay archived'), missing, seen })
    .meta({ id: 'CancellationPlan', description: 'The answer to a dry run' }),
]);
export const retrievalCancelled = z.object({ cancelled: count.describe('Files that stay archived') });
