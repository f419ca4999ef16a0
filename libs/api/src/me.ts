import { z } from 'zod';
import { actions, relations, roles } from '@coldroom/operations';
import { mailChoices } from '@coldroom/register';
import { id } from './values';

export const ownMail = z
  .object({
    choice: z.enum(mailChoices),
    address: z.string().nullable().describe('Of OMERO; null if no mail can be sent'),
  })
  .meta({ id: 'OwnMail' });

export const me = z
  .object({
    name: z.string().describe('As events name you'),
    fullName: z.string(),
    personId: id.nullable().describe("OMERO's number; null for a token"),
    roles: z.array(z.enum(roles)),
    leads: z.array(id).describe("OMERO's numbers of the groups that you lead"),
    rights: z
      .record(z.enum(actions), z.array(z.enum(relations)))
      .describe('For each action, on what you may do it: your own, that of groups that you lead, that of others'),
    mail: ownMail.nullable().describe('Null for a token'),
  })
  .meta({ id: 'Me' });
