import { Controller, Get, Inject } from '@nestjs/common';
import { storesList } from '@coldroom/api';
import { storesFor } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { toJson } from './json';

@Controller('api/v1/stores')
export class StoresApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'Each store as it was found at the last look, and what is in it', answer: storesList })
  async list(@CurrentVisitor() { actor }: Visitor) {
    return toJson({ data: await storesFor({ register: this.register, actor, policy: this.settings.policy }) });
  }
}
