import type { Condition } from '@coldroom/omero';
import { z } from 'zod';
import { bytes, days } from './amounts';

const age = z.strictObject({ olderThan: days });
const amount = z
  .strictObject({ atLeast: bytes.optional(), atMost: bytes.optional() })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    error: 'must have atLeast or atMost',
  });
const pressure = z.strictObject({ atLeast: bytes });
const name = z.string().min(1);
const names = z.union([name.transform((one) => [one]), z.array(name).min(1)]);
const keyValue = z.strictObject({ key: name, value: z.string().optional() });

const agesBy = { acquired: age, imported: age, changed: age };
const amountsBy = { imageSize: amount, filesetSize: amount, groupUses: pressure, serverUses: pressure };
const namesBy = {
  group: names,
  owner: names,
  project: names,
  dataset: names,
  screen: names,
  tag: names,
  format: names,
  pixels: z.union([
    z.enum(['computed', 'pending']).transform((one) => [one]),
    z.array(z.enum(['computed', 'pending'])).min(1),
  ]),
};

/** Conditions by their names; each name once. */
export const conditionSettings = z
  .strictObject({ ...agesBy, ...amountsBy, ...namesBy, keyValue })
  .partial()
  .transform((given) =>
    Object.entries(given).flatMap(([kind, value]): readonly Condition[] => {
      if (value === undefined) return [];
      if (kind in namesBy) return [{ kind, anyOf: value } as Condition];
      if (kind in agesBy) return [{ kind, olderThanDays: (value as z.output<typeof age>).olderThan } as Condition];
      return [{ kind, ...(value as object) } as Condition];
    }),
  );
