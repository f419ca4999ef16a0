import { Body, Controller, Get, Inject, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { overviewFor, resumeAs, stopAs, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { Changes } from '../live/changes';
import { Paces } from '../live/paces';
import { parseAs, seenStop, writtenText } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { OverviewPage } from './overview-page';

const stopForm = z.strictObject({ _csrf: z.string(), reason: writtenText(500) });
const resumeForm = z.strictObject({ _csrf: z.string(), changedAt: seenStop });

@Controller()
export class OverviewController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    private readonly changes: Changes,
    private readonly paces: Paces,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor): Promise<string> {
    const version = await this.changes.version();
    const overview = await overviewFor(this.reviewer(visitor));
    const moving = overview.stages !== null && overview.stages.length > 0;
    const pace = moving ? await this.paces.of() : undefined;
    return toHtml(OverviewPage({ site: this.site, visitor, overview, pace, live: { version, moving } }));
  }

  @Post('stop')
  async stop(@CurrentVisitor() visitor: Visitor, @Body() body: unknown, @Res() response: Response): Promise<void> {
    await stopAs(this.reviewer(visitor), parseAs(stopForm, body).reason);
    response.redirect(303, this.site.href('/'));
  }

  @Post('resume')
  async resume(@CurrentVisitor() visitor: Visitor, @Body() body: unknown, @Res() response: Response): Promise<void> {
    await resumeAs(this.reviewer(visitor), undefined, parseAs(resumeForm, body).changedAt);
    response.redirect(303, this.site.href('/'));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
