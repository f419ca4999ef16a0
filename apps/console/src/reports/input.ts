import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';
import {
  candidateKeys,
  reportNames,
  usageKeys,
  UsageError,
  type ReportName,
  type ReportOrder,
} from '@coldroom/operations';
import { oneOrMore } from '../api/input';
import { usageQuery } from '../usage/input';
import { parseAs, writtenText } from '../requests/input';

const mostObjects = 200;

/** As pages, downloads and the API take it. */
export const reportQuery = z.strictObject({
  ...usageQuery.shape,
  rows: z
    .enum([...usageKeys, ...candidateKeys])
    .optional()
    .describe(
      'What the rows are: `usage` has group (without it), user, project, dataset and format, `candidates` has age (without it) and fileset',
    ),
  since: z.iso.date().optional().describe('Only for `usage`: what has changed in each group since the end of this day'),
  store: writtenText(100).optional().describe('Only for `store`, which needs it'),
  object: oneOrMore(writtenText(100))
    .refine((given) => (given?.length ?? 0) <= mostObjects, `at most ${mostObjects}`)
    .describe(
      `Only for \`image\` and \`size\`: \`Image:7\`, or \`Fileset:9\`; may be repeated, at most ${mostObjects}`,
    ),
});

export type ReportQuery = z.output<typeof reportQuery>;

export const reportName = (given: string): ReportName | undefined => reportNames.find((name) => name === given);

export function orderOf(name: ReportName, { group, owner, object, ...rest }: ReportQuery): ReportOrder {
  return { name, ...rest, groupId: group, ownerId: owner, objects: object };
}

export const parseReport = (query: unknown): ReportQuery => parseAs(reportQuery, query);

/** A `BadRequestException` for what does not go together. */
export async function asBadRequest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) throw new BadRequestException(error.message);
    throw error;
  }
}
