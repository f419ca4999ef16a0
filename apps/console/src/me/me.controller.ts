import { BadRequestException, Body, Controller, Get, Inject, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { chooseMail, failureOf, ownMail, ownRequests, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { MePage } from './me-page';

@Controller('me')
export class MeController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor, @Query('mail') saved?: string): Promise<string> {
    const reviewer = this.reviewer(visitor);
    const [requests, mail] = [await ownRequests(reviewer), await ownMail(reviewer)];
    return toHtml(MePage({ site: this.site, visitor, requests, mail, saved: saved === 'saved' }));
  }

  @Post('mail')
  async mail(@CurrentVisitor() visitor: Visitor, @Body() body: unknown, @Res() response: Response): Promise<void> {
    try {
      await chooseMail(this.reviewer(visitor), (body as { choice?: unknown } | undefined)?.choice);
    } catch (error) {
      const { code, message } = failureOf(error);
      if (code === 'MAIL_CHOICE_UNKNOWN') throw new BadRequestException(message);
      throw error;
    }
    response.redirect(303, this.site.href('/me?mail=saved#mail'));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
