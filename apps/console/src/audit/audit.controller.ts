import { Controller, Get, Inject } from '@nestjs/common';
import { auditFor } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { AuditPage } from './audit-page';

@Controller('audit')
export class AuditController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor): Promise<string> {
    const { register, settings } = this;
    const review = await auditFor({ register, actor: visitor.actor, policy: settings.policy });
    return toHtml(AuditPage({ site: this.site, visitor, review }));
  }
}
