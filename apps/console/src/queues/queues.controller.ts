import { Controller, Get, Inject, NotFoundException } from '@nestjs/common';
import { may } from '@coldroom/operations';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { QueuesPage } from './queues-page';

@Controller('queues')
export class QueuesController {
  constructor(
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  page(@CurrentVisitor() visitor: Visitor): string {
    if (!may(visitor.actor.roles, 'seeQueues', ['other'], this.settings.policy)) throw new NotFoundException();
    return toHtml(QueuesPage({ site: this.site, visitor }));
  }
}
