import { z } from 'zod';
import { bytes, count, id, time } from './values';

const run = z.object({
  id,
  startedAt: time,
  finishedAt: time.nullable().describe('Null while it runs, and for a run that was interrupted'),
  startedBy: z.string(),
  store: z.string().nullable().describe('Only this store; null for everything'),
  fix: z.boolean(),
  failed: z.string().nullable(),
  looked: z.record(z.string(), count).describe('Numbers of files, images, bags etc.'),
  findings: z.array(z.object({ code: z.string(), total: count, repaired: count })),
  notLooked: z.array(
    z.object({ part: z.string(), reason: z.string(), things: count.nullable().describe('Null for the whole part') }),
  ),
});

const finding = z.object({
  code: z.string(),
  title: z.string(),
  total: count,
  since: time,
  advice: z.string(),
  command: z.string().nullable().describe('For some of the objects; null if no command helps'),
  examples: z.array(
    z.object({ object: z.string(), path: z.string().optional(), found: z.string(), remedy: z.string() }),
  ),
});

const coverage = z.object({
  store: z.string(),
  countedAt: time,
  everyMs: z.number().describe('Each copy should be read once in this time'),
  isChecked: z.boolean().describe('The copies of this store are read regularly'),
  files: count,
  bytes,
  faults: count,
  unread: count.describe('Never read since the register recorded them; also part of those that are overdue'),
  overdue: count,
  weekFiles: count.describe('Read in the last seven days'),
  weekBytes: bytes,
  oldest: time.nullable().describe('When the copy was read that has waited longest; null if one was never read'),
});

const badCopy = z.object({
  file: id,
  path: z.string(),
  fileset: z.string(),
  size: bytes,
  store: z.string(),
  bag: z.string(),
  code: z.string(),
  remedy: z.string(),
});

export const audit = z
  .strictObject({
    runs: z.array(run).describe('The newest first'),
    lastWhole: run.nullable().describe('The newest of everything that came to its end'),
    findings: z.array(finding).describe('What audits found and is still so'),
    coverage: z.array(coverage),
    badCopies: z.array(badCopy).describe('The first copies that were not right when they were last read'),
    isMoreBad: z.boolean(),
  })
  .meta({ id: 'Audit' });
