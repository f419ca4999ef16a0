import { Controller, Get, Inject } from '@nestjs/common';
import { ownRequests } from '@coldroom/operations';
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
  async page(@CurrentVisitor() visitor: Visitor): Promise<string> {
    const { register, site } = this;
    const requests = await ownRequests({ register, actor: visitor.actor, policy: this.settings.policy });
    return toHtml(MePage({ site, visitor, requests }));
  }
}
