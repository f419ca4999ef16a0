import { z } from 'zod';
import { reportNames } from '@coldroom/operations';
import { count, list } from './values';

const row = z
  .record(z.string(), z.union([z.string(), z.number(), z.null()]))
  .describe('By the name of the column: counts and amounts of money are numbers, ids, bytes and times are texts');

export const reportDocument = z
  .object({
    table: z
      .string()
      .describe('The report and what its rows are, such as `usage by group`: docs/reports.md lists them'),
    title: z.string(),
    columns: z.array(
      z.object({
        name: z.string().describe('Stable, for programs'),
        title: z.string(),
        kind: z.enum(['text', 'id', 'count', 'bytes', 'time', 'money']),
      }),
    ),
    rows: z.array(row),
    totals: row.describe('Of all rows, for columns that can be added up'),
    count: count.describe('How many rows there are; `limit` says how many are sent'),
    notes: z.array(z.string()).describe('What a reader has to know, such as how old figures of OMERO are'),
  })
  .meta({ id: 'Report' });

export const reportList = list(
  z.object({ name: z.enum(reportNames), title: z.string() }).meta({ id: 'ReportListing' }),
);
