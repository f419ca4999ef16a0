import { z } from 'zod';
import {
  amount,
  bytes,
  count,
  event,
  fileState,
  id,
  oldStore,
  pageOf,
  permitted,
  requestState,
  stuck,
  time,
} from './values';

const summary = {
  id,
  state: requestState,
  revision: z.int().describe('Changes with the content and the state; its `ETag` in quotes'),
  ownerId: id,
  owner: z.string(),
  groupId: id,
  group: z.string(),
  requesterId: id,
  requester: z.string(),
  createdAt: time,
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
  store: z.string().nullable().describe('The store named for it; null if it is that of its group, or the default'),
  policyTitle: z.string().nullable().describe('The policy that proposed it; null if a person asked for it'),
  objectionsUntil: time
    .nullable()
    .describe('Until when the owner can object to a proposal; null for all other requests'),
  images: count,
  markedImages: count,
  filesets: count,
  files: count,
  bytes,
  skipped: count,
  stuck: count,
  linked: count,
};
export const request = z.object(summary).meta({ id: 'Request' });

export const requestListing = z.object({ ...summary, requesterName: z.string() }).meta({ id: 'RequestListing' });
export const requestsPage = pageOf(requestListing);

const examples = z.array(z.object({ id, path: z.string(), reason: z.string().nullable() }));
const image = z.object({ imageId: id, name: z.string(), fileset: z.string(), marked: z.boolean() });

export const review = z
  .object({
    request,
    states: z.array(z.object({ state: fileState, ...amount })),
    included: z
      .array(image.omit({ marked: true }))
      .describe('The first images without a mark of their own: they share files with marked ones'),
    notes: z
      .array(
        z.object({
          by: z.string(),
          expiry: z.string().describe('As it was written: years, 0 for no end'),
          description: z.string(),
          reason: z.string(),
          images: count,
        }),
      )
      .describe('What people wrote about the images when they marked them'),
    kept: z
      .array(z.object({ imageId: id, by: z.string(), reason: z.string(), liftedBy: z.string(), since: time }))
      .describe('Images that are kept out of archiving, while it is not started: the first 20'),
    skipped: z.array(z.object({ code: z.string(), ...amount, examples })),
    stuck: z.array(z.object({ ...stuck.shape, examples })),
    events: z.array(event).describe('The newest; `GET requests/{id}/events` has all'),
    permitted,
    taken: z.object({ images: count, marked: count, filesets: count }),
    filesets: z
      .array(z.object({ fileset: z.string(), name: z.string(), images: count, marked: count, files: count, bytes }))
      .describe('Those that are taken: the first 200'),
    images: z.array(image),
    history: z.array(
      z.object({
        what: z.string(),
        actor: z.string(),
        to: z.string().nullable(),
        code: z.string().nullable(),
        files: count,
        detail: z.record(z.string(), z.unknown()).nullable(),
        at: time,
      }),
    ),
    held: z
      .object({ ...amount, from: time.nullable(), until: time.nullable() })
      .describe('Originals that are still held, and when the first and the last are due to be released'),
    stores: z
      .array(
        z.object({
          name: z.string(),
          isUsual: z.boolean().describe('Taken if the approval names none'),
          lookedAt: time,
          isOld: oldStore,
          fault: z.object({ code: z.string(), since: time }).nullable(),
          freeBytes: bytes.nullable(),
          isTooSmall: z.boolean(),
          cost: z
            .object({ amount: z.number(), currency: z.string() })
            .nullable()
            .describe('Of the request, for a year'),
        }),
      )
      .describe('What the approval may name as `store`; empty for who may not approve'),
    names: z.object({ requester: z.string(), owner: z.string() }),
  })
  .meta({ id: 'Review' });
