import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { fileHistory, filesPage } from '@coldroom/api';
import { fileFor, filesFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { fileFilterOf, fileQuery } from './input';
import { toJson } from './json';
import { pageOf } from './page';

/** Files of the requests that the visitor may see. */
@Controller('api/v1/files')
export class FilesApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({
    summary: 'Find files',
    description: 'By request and number, or by path where one is given.',
    answer: filesPage,
  })
  async list(@CurrentVisitor() visitor: Visitor, @Query({ schema: fileQuery }) query: z.output<typeof fileQuery>) {
    const found = await filesFor(this.reviewer(visitor), fileFilterOf(query));
    return toJson(pageOf(found, query.limit));
  }

  @Get(':id')
  @Answers({ summary: 'One file with its copies, its hold and its newest events', answer: fileHistory })
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string) {
    return toJson(await fileFor(this.reviewer(visitor), parseId(id)));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
