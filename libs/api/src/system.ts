import { z } from 'zod';
import { mailStates } from '@coldroom/register';
import { count, id, time } from './values';

const mail = z.object({
  id,
  reason: z.string().describe('Kind and number of what it is about'),
  recipient: z.string(),
  template: z.string(),
  address: z.string().nullable(),
  state: z.enum(mailStates),
  createdAt: time,
  notBefore: time,
  attempts: count,
  code: z.string().nullable(),
  answer: z.string().nullable().describe('What the mail server answered, or what is wrong with the address'),
  settledAt: time.nullable(),
});

export const system = z
  .strictObject({
    versions: z.object({
      coldroom: z.string(),
      node: z.string(),
      postgresql: z.string(),
      redis: z.string().nullable().describe('Null while it does not answer'),
    }),
    pendingMigrations: z.array(z.string()).describe('Changes of tables that this version needs and the register lacks'),
    services: z.array(
      z.object({
        service: z.string(),
        reportedAt: time.nullable().describe('Null if it never reported'),
        isSilent: z.boolean().describe('Its next report is late'),
      }),
    ),
    queues: z
      .array(z.object({ stage: z.string(), waiting: count, active: count, failed: count }))
      .nullable()
      .describe('Jobs. Null while Redis does not answer'),
    redisFault: z.string().nullable(),
    mail: z.object({
      mails: z.array(mail).describe('The newest that were not delivered'),
      next: id.nullable(),
      waiting: count,
    }),
    settings: z.array(
      z.object({
        key: z.string(),
        value: z.string().nullable().describe('Null for a secret, and for what is not set and has no default'),
        from: z.enum(['environment', 'file', 'default', 'nowhere']),
        isSecret: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'System' });
