import { z } from 'zod';
import { bytes, count, event, fileState, id, pageOf, permitted, time } from './values';

const listing = {
  id,
  requestId: id,
  bag: z.string().nullable(),
  store: z.string().nullable(),
  fileset: z.string(),
  root: z.string(),
  path: z.string().describe('Below the root; bytes that are no text are written \\xNN'),
  size: bytes,
  state: fileState,
  stuckFrom: fileState.nullable(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  originalFileId: id.nullable(),
  omeroHash: z.object({ algorithm: z.string(), value: z.string() }).nullable(),
  digests: z.record(z.string(), z.string()),
  copyRead: z.string().nullable(),
  linkedAt: time.nullable(),
  released: z.boolean().describe('The original is no longer held'),
};

export const filesPage = pageOf(z.object(listing).meta({ id: 'FileListing' }));

export const fileHistory = z
  .object({
    file: z.object({
      ...listing,
      ownerId: id,
      requesterId: id,
      groupId: id,
      copies: z.array(
        z.object({
          store: z.string(),
          version: z.string().describe('What the store calls this version of it'),
          digest: z.string().nullable(),
          read: z.string().nullable().describe('How it was read when it was compared'),
          checkedAt: time.nullable(),
          fault: z.string().nullable(),
        }),
      ),
      heldUntil: time.nullable(),
      releasedAt: time.nullable(),
      retrieval: z.object({ id, way: z.enum(['restore', 'recall']).nullable(), by: z.string().nullable() }).nullable(),
      onlineUntil: time.nullable(),
      images: z.array(z.object({ id, name: z.string() })),
      imageCount: count,
    }),
    help: z
      .object({ next: z.string(), commands: z.array(z.string()) })
      .nullable()
      .describe('What helps if the file is stuck'),
    events: z.array(event).describe('The newest first'),
    permitted,
  })
  .meta({ id: 'FileHistory' });
