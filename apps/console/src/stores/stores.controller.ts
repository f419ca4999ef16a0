import { Controller, Get, Inject } from '@nestjs/common';
import { storesFor } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { StoresPage } from './stores-page';

@Controller('stores')
export class StoresController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async page(@CurrentVisitor() visitor: Visitor): Promise<string> {
    const { register, settings } = this;
    const stores = await storesFor({ register, actor: visitor.actor, policy: settings.policy });
    return toHtml(StoresPage({ site: this.site, visitor, stores }));
  }
}
