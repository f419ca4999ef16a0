import { Controller, Get, Inject } from '@nestjs/common';
import { storesFor } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { toJson } from './json';

@Controller('api/v1/stores')
export class StoresApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  /** Each store as it was found at the last look, and what is in it. */
  @Get()
  async list(@CurrentVisitor() { actor }: Visitor): Promise<unknown> {
    return toJson({ data: await storesFor({ register: this.register, actor, policy: this.settings.policy }) });
  }
}
