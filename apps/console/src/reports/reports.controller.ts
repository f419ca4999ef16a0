import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Inject, NotFoundException, Param, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { csvOf, firstRows, makeReport, storeNamesFor, type TableReport } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { asBadRequest, orderOf, parseReport, reportName } from './input';
import { ReportPage, ReportsPage } from './reports-page';

const mostShown = 200;

/** The reports as pages and files. */
@Controller('reports')
export class ReportsController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async list(@CurrentVisitor() visitor: Visitor): Promise<string> {
    const stores = await storeNamesFor(this.reviewer(visitor));
    return toHtml(ReportsPage({ site: this.site, visitor, stores }));
  }

  @Get(':name.csv')
  async csv(
    @CurrentVisitor() visitor: Visitor,
    @Param('name') name: string,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const report = await this.made(visitor, name, query);
    response.attachment(`coldroom-${report.table.replaceAll(' ', '-')}-${new Date().toISOString().slice(0, 10)}.csv`);
    await pipeline(Readable.from(csvOf(report)), response);
  }

  @Get(':name')
  async page(
    @CurrentVisitor() visitor: Visitor,
    @Param('name') name: string,
    @Query() query: unknown,
    @Req() request: Request,
  ): Promise<string> {
    const report = await this.made(visitor, name, query);
    const { shown, totals } = await firstRows(report, mostShown);
    const [, search = ''] = request.originalUrl.split('?');
    const file = this.site.href(`/reports/${name}.csv${search && `?${search}`}`);
    const { row, count } = totals;
    return toHtml(ReportPage({ site: this.site, visitor, report, shown, totals: row, count, file }));
  }

  private async made(visitor: Visitor, given: string, query: unknown): Promise<TableReport> {
    const name = reportName(given);
    if (name === undefined) throw new NotFoundException();
    const order = orderOf(name, parseReport(query));
    const { omeroPrice } = this.settings;
    return asBadRequest(() => makeReport(this.reviewer(visitor), order, { omeroPrice }));
  }

  private reviewer({ actor }: Visitor) {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
