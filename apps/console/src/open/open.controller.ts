import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Request } from 'express';
import { openedImages } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { parseChosen } from './input';
import { OpenPage } from './open-page';

/** Where OMERO.web's "Open with" leads: the state of exactly the objects that were chosen there. */
@Controller('open')
export class OpenController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor, @Req() request: Request): Promise<string> {
    const { register, site, settings } = this;
    const chosen = parseChosen(request.originalUrl);
    const opened = await openedImages(
      { register, actor: visitor.actor, policy: settings.policy },
      chosen.images,
      chosen.containers,
    );
    return toHtml(OpenPage({ site, visitor, chosen, opened }));
  }
}
