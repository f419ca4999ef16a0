import { Controller, Get, Inject } from '@nestjs/common';
import { audit } from '@coldroom/api';
import { auditFor } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { toJson } from './json';

@Controller('api/v1/audit')
export class AuditApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'The last audits, what they found, and whether copies are read again in time', answer: audit })
  async audit(@CurrentVisitor() { actor }: Visitor) {
    return toJson(await auditFor({ register: this.register, actor, policy: this.settings.policy }));
  }
}
