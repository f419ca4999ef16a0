import { z } from 'zod';
import { importStates, transferModes } from '@coldroom/domain';
import { importPair, type ImportWish } from '@coldroom/operations';
import { oneOrMore, page } from '../api/input';
import { writtenText } from '../requests/input';
import { importFilters, type ImportFilter } from './imports-page';

const longestPath = 4096;
const text = (most: number) => writtenText(most).optional();

export const importQuery = z.strictObject({ ...page.shape, state: oneOrMore(z.enum(importStates)) });

/** A body without fields. */
export const nothing = z.strictObject({}).optional();

export const browseQuery = z.strictObject({
  path: text(longestPath).describe('A directory in a buffer; without it, the directories to start from'),
});

export const importBody = z
  .strictObject({
    path: writtenText(longestPath).describe('The file or directory in the buffer, absolute'),
    target: writtenText(1000).describe('`Dataset:5`, `Screen:3`, `Dataset:name:NAME` or `Screen:name:NAME`'),
    person: text(200).describe('The OMERO login of the person to whom the images will belong; you, without it'),
    group: text(300).describe('The name of one of their groups; needed if they have several'),
    transfer: z.enum(transferModes).optional().describe('The first one that the buffer allows, without it'),
    name: text(255),
    description: text(10_000),
    annotations: z
      .array(z.tuple([writtenText(255), writtenText(2000)]))
      .max(100)
      .optional()
      .describe('Keys and values that the images get'),
    again: z
      .boolean()
      .default(false)
      .describe('Also what was imported before, as when its images were deleted in OMERO'),
    dryRun: z.boolean().default(false).describe('Only answer what would be imported'),
  })
  .meta({ id: 'ImportOrder' });

/** Fields that are left empty are as if they were not there. */
const field = (most: number) => text(most).transform((given) => (given?.trim() ? given : undefined));

export const importForm = z.strictObject({
  _csrf: z.string().optional(),
  path: writtenText(longestPath),
  target: writtenText(1000).transform((target) => target.trim()),
  person: field(200),
  group: field(300),
  transfer: z.enum(transferModes).optional(),
  name: field(255),
  description: field(10_000),
  annotations: field(20_000).transform((lines) => lines?.split('\n').filter((line) => line.trim() !== '')),
});

export const listQuery = z.strictObject({
  state: z.enum(Object.keys(importFilters) as [ImportFilter, ...ImportFilter[]]).optional(),
  before: text(20),
});

export const newQuery = z.strictObject({ in: text(longestPath), path: text(longestPath) });

type Wished = Omit<z.output<typeof importBody>, 'dryRun'>;

export function importWishOf(body: Wished | z.output<typeof importForm>): ImportWish {
  const { path, target, person, group, transfer, name, description, annotations = [] } = body;
  return {
    path: Buffer.from(path),
    target,
    login: person,
    group,
    transfer,
    options: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(annotations.length === 0
        ? {}
        : { annotations: annotations.map((pair) => (typeof pair === 'string' ? importPair(pair) : pair)) }),
      ...('again' in body && body.again ? { again: true } : {}),
    },
    origin: 'console',
  };
}
