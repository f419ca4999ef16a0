import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { fileFor, filesFor, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { toHtml } from '../layout/html';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { FilePage } from './file-page';
import { FilesPage } from './files-page';
import { filterOf, pageSize, parseSearch } from './input';

/** The pages on which files are found and looked at. */
@Controller('files')
export class FilesController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async list(
    @CurrentVisitor() visitor: Visitor,
    @Query() query: Readonly<Record<string, unknown>>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { search, problem } = parseSearch(query);
    if (problem !== undefined) response.status(400);
    const found = problem === undefined ? await filesFor(this.reviewer(visitor), filterOf(search)) : [];
    const [files, isMore] = [found.slice(0, pageSize), found.length > pageSize];
    return toHtml(FilesPage({ site: this.site, visitor, query, files, isMore, problem }));
  }

  @Get(':id')
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<string> {
    const history = await fileFor(this.reviewer(visitor), parseId(id));
    return toHtml(FilePage({ site: this.site, visitor, history }));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
