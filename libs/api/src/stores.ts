import { z } from 'zod';
import { storeParts } from '@coldroom/register';
import { amount, bytes, list, oldStore, stoppedSwitch, time } from './values';

export const storeHealth = z.object({
  name: z.string(),
  kind: z.string(),
  isDefault: z.boolean(),
  groups: z.array(z.string()).describe('Groups whose requests go to it unless another store is named'),
  place: z.string().describe('Where it is, without secrets'),
  price: z.object({ perTBYear: z.number(), currency: z.string() }).nullable(),
  lookedAt: time,
  fault: z.object({ code: z.string(), reason: z.string(), since: time }).nullable(),
  directory: z.string().nullable().describe('The one with the least free space'),
  freeBytes: bytes.nullable(),
  totalBytes: bytes.nullable(),
});

export const storesList = list(
  z
    .object({
      name: z.string(),
      health: storeHealth.nullable().describe('Null for a store that is no longer configured but contains files'),
      isOld: oldStore,
      isFillingUp: z.boolean(),
      stopped: stoppedSwitch.nullable(),
      content: z.record(z.enum(storeParts), z.object(amount)),
    })
    .meta({ id: 'Store' }),
);
