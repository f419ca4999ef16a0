import { z } from 'zod';
import { importStates, transferModes } from '@coldroom/domain';
import type { ImportWish } from '@coldroom/operations';
import { oneOrMore, page } from '../api/input';
import { writtenText } from '../requests/input';

const longestPath = 4096;
const text = (most: number) => writtenText(most).optional();

export const importQuery = z.strictObject({ ...page.shape, state: oneOrMore(z.enum(importStates)) });

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
    annotations: z.record(z.string().max(1000), writtenText(10_000)).optional().describe('Key-value pairs'),
    dryRun: z.boolean().default(false).describe('Only answer what would be imported'),
  })
  .meta({ id: 'ImportOrder' });

export function importWishOf(body: z.output<typeof importBody>): ImportWish {
  const { path, target, person, group, transfer, name, description, annotations } = body;
  return {
    path: Buffer.from(path),
    target,
    login: person,
    group,
    transfer,
    options: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    origin: 'console',
  };
}
