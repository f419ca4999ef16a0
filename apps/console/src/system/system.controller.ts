import { Controller, Get, Inject } from '@nestjs/common';
import { may, systemFor } from '@coldroom/operations';
import { Queues, RedisConnection } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { SystemPage } from './system-page';

@Controller('system')
export class SystemController {
  constructor(
    private readonly register: Register,
    private readonly redis: RedisConnection,
    private readonly queues: Queues,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor): Promise<string> {
    const { register, redis, queues, site, settings } = this;
    const { policy, described } = settings;
    const report = await systemFor({ register, actor: visitor.actor, policy }, redis, queues);
    const seesQueues = may(visitor.actor.roles, 'seeQueues', ['other'], policy);
    return toHtml(SystemPage({ site, visitor, report, settings: described, seesQueues }));
  }
}
