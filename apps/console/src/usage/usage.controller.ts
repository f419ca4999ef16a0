import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { projectsFor, usageDaysFor, usageFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { toCsv } from '@coldroom/terminal';
import { dayColumns, ownerColumns, projectColumns } from './downloads';
import { parseChoice, parseCsvChoice } from './input';
import { UsagePage } from './usage-page';

/** How much is in OMERO and in the archive. */
@Controller()
export class UsageController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get('usage')
  async page(@CurrentVisitor() visitor: Visitor, @Query() query: unknown): Promise<string> {
    const choice = parseChoice(query);
    const reviewer = this.reviewer(visitor);
    const [usage, days] = [
      await usageFor(reviewer, choice, this.settings.omeroPrice),
      await usageDaysFor(reviewer, choice),
    ];
    return toHtml(UsagePage({ site: this.site, visitor, choice, usage, days }));
  }

  @Get('usage.csv')
  async csv(
    @CurrentVisitor() visitor: Visitor,
    @Query() query: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { of, ...choice } = parseCsvChoice(query);
    const reviewer = this.reviewer(visitor);
    response.attachment(`coldroom-${of}-${new Date().toISOString().slice(0, 10)}.csv`);
    if (of === 'days') return toCsv(dayColumns, await usageDaysFor(reviewer, choice));
    if (of === 'projects') return toCsv(projectColumns, await projectsFor(reviewer, choice));
    return toCsv(ownerColumns, (await usageFor(reviewer, choice)).owners);
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
