import { z } from 'zod';
import { stays } from '@coldroom/operations';
import { amount, count, id } from './values';

export const openedImages = z
  .object({
    images: z.array(
      z.object({
        imageId: id,
        name: z.string(),
        requestId: id,
        fileset: z.string(),
        stay: z.enum(stays).describe('Where the files of its fileset are'),
        retrievable: z.boolean().describe('It is away, and you may bring it back'),
        ...amount,
      }),
    ),
    containers: z.array(
      z.object({
        container: z.string().describe('`Dataset:7`'),
        name: z.string(),
        images: count,
        missing: count,
        retrievable: z.boolean(),
      }),
    ),
    missing: z.array(id).describe('Images that are not in the archive, or not for you'),
    unseen: count.describe('How many of the images that is, with those of the containers listed here'),
    empty: z.array(z.string()).describe('Containers without an image that you may see in the archive'),
  })
  .meta({ id: 'OpenedImages' });
