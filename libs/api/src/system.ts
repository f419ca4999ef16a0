import { z } from 'zod';
import { mailStates } from '@coldroom/register';
import { bytes, count, id, time } from './values';

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

const backup = {
  kind: z.enum(['backup', 'drill']),
  database: z.enum(['register', 'omero']),
  place: z.enum(['directory', 'bucket']),
  shown: z.string().describe('Where that is'),
  name: z.string().nullable().describe('The file or object'),
  bytes: bytes.nullable(),
  code: z.string().nullable().describe('Why the last run failed'),
  reason: z.string().nullable(),
};

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
        version: z.string().nullable().describe('Null if it is not known'),
        isNeeded: z.boolean().describe('Without it, nothing is archived or retrieved; the others are optional'),
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
    backups: z
      .array(
        z.object({
          ...backup,
          succeededAt: time.nullable().describe('When the last good one was made'),
          failures: count.describe('Runs that failed since then'),
        }),
      )
      .describe('The last backup of each database to each place'),
    lastDrill: z
      .object({
        ...backup,
        id,
        startedAt: time,
        finishedAt: time.nullable(),
        startedBy: z.string(),
        report: z.record(z.string(), z.unknown()).nullable(),
      })
      .nullable()
      .describe('The last restore of a backup for a drill'),
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
