import { z } from 'zod';
import { usageParts } from '@coldroom/register';
import { amount, bytes, count, id, large, list, time } from './values';

const line = {
  parts: z.record(z.enum(usageParts), z.object(amount)).describe('Each file of the register is in one of them'),
  omero: z
    .object({ images: large, filesets: large, files: large, bytes })
    .nullable()
    .describe('Filesets in OMERO; null until the scanner has read them'),
};
const group = { groupId: id, group: z.string() };
const owner = { ...group, ownerId: id, owner: z.string().describe('The login name'), fullName: z.string() };
const sizeClass = z.int().min(0).max(3).describe('0 below 1 GiB, 1 below 10 GiB, 2 below 100 GiB, 3 from then on');

export const usageFigures = z
  .object({
    totals: z.object(line),
    groups: z.array(z.object({ ...group, ...line })),
    owners: z.array(z.object({ ...owner, ...line })).describe('By group and owner'),
    stores: z.array(
      z.object({
        store: z.string(),
        ...amount,
        cost: z
          .object({ amount: z.number(), currency: z.string() })
          .nullable()
          .describe('Of a year; null if the store has no price'),
      }),
    ),
    saved: z
      .object({ amount: z.number(), currency: z.string() })
      .nullable()
      .describe('What the space freed in OMERO would cost in a year; null where `OMERO_PRICE` is not set'),
    candidates: z
      .array(z.object({ year: z.int().describe('Of the import'), sizeClass, filesets: large, bytes }))
      .nullable()
      .describe('Filesets in OMERO that are not archived'),
    projects: z
      .array(z.object({ projectId: id, name: z.string(), ...owner, filesets: large, bytes, archivedBytes: bytes }))
      .describe('The largest; a fileset whose images are in several projects counts in each'),
    omeroRead: z.object({ readAt: time.nullable(), failed: z.string().nullable() }),
  })
  .meta({ id: 'Usage' });

export const usageDays = list(
  z
    .object({
      day: z.iso.date().describe('In UTC'),
      archivedFiles: count,
      heldBytes: bytes,
      freedBytes: bytes,
      omeroBytes: bytes.nullable(),
    })
    .meta({ id: 'UsageDay' }),
);
