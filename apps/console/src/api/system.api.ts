import { Controller, Get, Inject } from '@nestjs/common';
import { system } from '@coldroom/api';
import { systemFor } from '@coldroom/operations';
import { Queues, RedisConnection } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { toJson } from './json';

@Controller('api/v1/system')
export class SystemApi {
  constructor(
    private readonly register: Register,
    private readonly redis: RedisConnection,
    private readonly queues: Queues,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({
    summary: 'How the parts of Coldroom are, and the settings of the console without secrets',
    answer: system,
  })
  async system(@CurrentVisitor() { actor }: Visitor) {
    const { register, redis, queues, settings } = this;
    const report = await systemFor({ register, actor, policy: settings.policy }, redis, queues);
    return toJson({ ...report, settings: settings.described });
  }
}
