import { z } from 'zod';
import { fileStates, requestStates } from '@coldroom/domain';
import { actions } from '@coldroom/operations';

const whole = (pattern: RegExp) => z.codec(z.string().regex(pattern), z.bigint(), { decode: BigInt, encode: String });

/** In JSON, 64-bit numbers and times are strings: a program of ours decodes them, and then has what the server had. */
export const id = whole(/^\d{1,19}$/);
/** A count of what there may be very much of. */
export const large = whole(/^\d{1,19}$/);
export const bytes = whole(/^\d{1,40}$/).describe('A number of bytes');
export const time = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
export const count = z.int().min(0);
export const fileState = z.enum(fileStates).meta({ id: 'FileState' });
export const requestState = z.enum(requestStates).meta({ id: 'RequestState' });
export const permitted = z.array(z.enum(actions)).describe('What you may do now');
export const amount = { files: count, bytes };

/** One page of a list. */
export const pageOf = <Each extends z.ZodType>(each: Each) =>
  z.object({
    data: z.array(each),
    next: id.nullable().describe('The `cursor` of the next page; null after the last page'),
  });

/** A list that is never long. */
export const list = <Each extends z.ZodType>(each: Each) => z.object({ data: z.array(each) });

export const oldStore = z
  .boolean()
  .describe('No service has looked at the store for so long that this may no longer be true');

export const stoppedSwitch = z
  .object({
    name: z.string().describe('`all`, `stage:NAME` or `store:NAME`'),
    stopped: z.boolean(),
    reason: z.string().nullable(),
    changedBy: z.string().nullable().describe('Null if the error limit stopped it'),
    changedAt: time,
    failures: count,
  })
  .meta({ id: 'Switch' });

export const event = z
  .object({
    id,
    at: time,
    actor: z.string().describe('An OMERO login name, `token:NAME`, or a service'),
    requestId: id.nullable(),
    bagId: id.nullable(),
    fileId: id.nullable(),
    what: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    code: z.string().nullable(),
    detail: z.unknown(),
  })
  .meta({ id: 'Event' });

export const stuck = z
  .object({
    code: z.string(),
    ...amount,
    next: z.string().describe('What helps'),
    commands: z.array(z.string()).describe('Commands for an administrator, ready to paste'),
  })
  .meta({ id: 'Stuck' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string().describe('The meaning of the status'),
    status: z.int(),
    code: z.string().describe('Stable, for programs: docs/api.md lists them'),
    detail: z.string().describe('What is wrong, for people'),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457)' });
