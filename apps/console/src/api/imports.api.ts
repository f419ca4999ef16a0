import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { z } from 'zod';
import { browsed, importAnswer, importReview, importsPage, importSteered } from '@coldroom/api';
import {
  browse,
  cancelImport,
  listImports,
  orderImport,
  planImport,
  previewByNow,
  retryImport,
  showImport,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { Buffers } from '../imports/buffers';
import { browseQuery, importBody, importQuery, importWishOf, nothing } from '../imports/input';
import { importReviewView, importView, plannedView } from '../imports/views';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { Idempotent } from './idempotent';
import { toJson } from './json';

/** Imports into OMERO. */
@Controller('api/v1')
export class ImportsApi {
  constructor(
    private readonly register: Register,
    private readonly buffers: Buffers,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get('imports')
  @Answers({ summary: 'Imports, newest first', answer: importsPage })
  async list(
    @CurrentVisitor() visitor: Visitor,
    @Query({ schema: importQuery }) { cursor, limit, state }: z.output<typeof importQuery>,
  ) {
    const { imports, next } = await listImports(this.reviewer(visitor), { before: cursor, limit, states: state });
    return toJson({ data: imports.map(importView), next });
  }

  @Get('imports/:id')
  @Answers({ summary: 'How far an import is', answer: importReview })
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string) {
    return toJson(importReviewView(await showImport(this.reviewer(visitor), parseId(id))));
  }

  @Get('buffers')
  @Answers({
    summary: 'A directory of files that can be imported',
    description: 'Only directories that you may import from. The first 1000 entries, directories first.',
    answer: browsed,
  })
  async browse(
    @CurrentVisitor() visitor: Visitor,
    @Query({ schema: browseQuery }) { path }: z.output<typeof browseQuery>,
  ) {
    return toJson(await browse(this.reviewer(visitor), await this.buffers.imports(), path));
  }

  @Post('imports')
  @HttpCode(200)
  @Idempotent()
  @Answers({
    summary: 'Order the import of a file or directory',
    description:
      'With `dryRun` only what would be imported. If the same person has an import of the same path that is not at its end, that one is the answer.',
    answer: importAnswer,
    statuses: { 200: 'The import that there is, or the answer to a dry run', 201: 'A new import' },
  })
  async order(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: importBody }) body: z.output<typeof importBody>,
    @Res({ passthrough: true }) response: Response,
  ) {
    const [reviewer, imports, wish] = [this.reviewer(visitor), await this.buffers.imports(), importWishOf(body)];
    if (body.dryRun) {
      const { order } = await planImport(reviewer, imports, wish);
      const preview = (await previewByNow(this.register, order.source)) ?? null;
      return toJson({ plan: plannedView(order), preview });
    }
    const { recorded, isNew } = await orderImport(reviewer, imports, wish);
    if (isNew) response.status(201);
    return toJson({ import: importView(recorded), isNew });
  }

  @Post('imports/:id/retry')
  @HttpCode(200)
  @Idempotent()
  @Answers({
    summary: 'Have a stuck import go on',
    description: 'What OMERO has of it is looked for first.',
    answer: importSteered,
  })
  async retry(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Body({ schema: nothing }) _body: z.output<typeof nothing>,
  ) {
    return toJson(await retryImport(this.reviewer(visitor), parseId(id)));
  }

  @Delete('imports/:id')
  @Answers({
    summary: 'Cancel an import that is not in OMERO yet',
    description: 'Its source stays as it is, and the import stays in the list.',
    answer: importSteered,
  })
  async cancel(@CurrentVisitor() visitor: Visitor, @Param('id') id: string) {
    return toJson(await cancelImport(this.reviewer(visitor), parseId(id)));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
