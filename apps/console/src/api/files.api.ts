import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { fileFor, filesFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { parseFileQuery } from './input';
import { toJson } from './json';
import { pageOf } from './page';

/** Files of the requests that the visitor may see. */
@Controller('api/v1/files')
export class FilesApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  /** By request and number, or by path where one is given. */
  @Get()
  async list(@CurrentVisitor() visitor: Visitor, @Query() query: unknown): Promise<unknown> {
    const { filter, limit } = parseFileQuery(query);
    const found = await filesFor(this.reviewer(visitor), { ...filter, limit: limit + 1 });
    return toJson(pageOf(found, limit));
  }

  /** One file with its copies, its hold, what helps if it is stuck, and its newest events. */
  @Get(':id')
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<unknown> {
    return toJson(await fileFor(this.reviewer(visitor), parseId(id)));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
