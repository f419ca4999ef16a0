import { Controller, Get, Inject, NotFoundException, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { reportDocument, reportList } from '@coldroom/api';
import { documentOf, makeReport, reportNames, reportTitles } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { asBadRequest, orderOf, reportName, reportQuery } from '../reports/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';

const mostRows = 10_000;

const query = z.strictObject({
  ...reportQuery.shape,
  limit: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, `must be a number from 1 to ${mostRows}`)
    .transform(Number)
    .refine((limit) => limit <= mostRows, `must be a number from 1 to ${mostRows}`)
    .default(mostRows)
    .describe(`How many rows, up to ${mostRows}; as many without it. Totals are of all rows`),
});

/** The reports, as far as the visitor may see what is in them. */
@Controller('api/v1/reports')
export class ReportsApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'The reports that there are', answer: reportList })
  async list() {
    return { data: reportNames.map((name) => ({ name, title: reportTitles[name] })) };
  }

  @Get(':name')
  @Answers({
    summary: 'A report: columns, rows, totals and notes',
    description: 'docs/reports.md lists the columns of each. The scanner reads what images and filesets are.',
    answer: reportDocument,
  })
  async report(
    @CurrentVisitor() { actor }: Visitor,
    @Param('name') given: string,
    @Query({ schema: query }) { limit, ...rest }: z.output<typeof query>,
  ) {
    const name = reportName(given);
    if (name === undefined) throw new NotFoundException();
    const reviewer = { register: this.register, actor, policy: this.settings.policy };
    const { omeroPrice } = this.settings;
    return asBadRequest(async () => documentOf(await makeReport(reviewer, orderOf(name, rest), { omeroPrice }), limit));
  }
}
