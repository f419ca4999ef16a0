import { z } from 'zod';
import { roles } from '@coldroom/operations';
import { id, list, time } from './values';

const person = z
  .object({
    id,
    login: z.string(),
    fullName: z.string(),
    active: z.boolean(),
    administrator: z.boolean().describe('An administrator of OMERO'),
    withheld: z.array(z.string()).describe('The administrator privileges that OMERO withholds'),
    groups: z.array(z.object({ id, name: z.string(), leader: z.boolean() })),
    granted: z.array(z.object({ role: z.enum(roles), reasons: z.array(z.string()) })),
    email: z.union([
      z.object({ address: z.string(), problem: z.null() }),
      z.object({ address: z.string().nullable(), problem: z.enum(['missing', 'invalid']) }),
    ]),
    signedInAt: time.nullable().describe('Of the last session that has not ended'),
  })
  .meta({ id: 'Person' });

export const peoplePage = z.object({
  data: z.array(person),
  next: z.string().nullable().describe('The `cursor` of the next page; null after the last page'),
  readAt: time.nullable().describe('When OMERO was last read'),
  failed: z.string().nullable().describe('Why people could not be read at the last scan'),
});

export const tokensList = list(
  z
    .object({
      id,
      name: z.string(),
      role: z.string(),
      createdBy: z.string(),
      createdAt: time,
      expiresAt: time,
      revokedAt: time.nullable(),
      lastUsedAt: time.nullable(),
    })
    .meta({ id: 'Token' }),
);
