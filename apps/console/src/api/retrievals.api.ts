import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { z } from 'zod';
import {
  cancellationAnswer,
  retrievalAnswer,
  retrievalCancelled,
  retrievalReview,
  retrievalsPage,
} from '@coldroom/api';
import {
  cancelRetrievalAs,
  cancelRetrievalsAs,
  planCancellationAs,
  planRetrievalAs,
  retrievalFor,
  retrievalsFor,
  retrieveAs,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { wantedIn } from '../retrievals/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { Idempotent } from './idempotent';
import { cancellationBody, page, retrievalBody, retrievalOf, type Page } from './input';
import { toJson } from './json';
import { pageOf } from './page';

/** Restores and recalls. */
@Controller('api/v1/retrievals')
export class RetrievalsApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'Retrievals, newest first', answer: retrievalsPage })
  async list(@CurrentVisitor() visitor: Visitor, @Query({ schema: page }) { cursor, limit }: Page) {
    return toJson(pageOf(await retrievalsFor(this.reviewer(visitor), { before: cursor, limit: limit + 1 }), limit));
  }

  @Get(':id')
  @Answers({ summary: 'How far a retrieval is', answer: retrievalReview })
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string) {
    return toJson(await retrievalFor(this.reviewer(visitor), parseId(id)));
  }

  @Post()
  @HttpCode(200)
  @Idempotent()
  @Answers({
    summary: 'Restore or recall images',
    description: 'With `dryRun` only what it would mean. What is under way already stays so.',
    answer: retrievalAnswer,
    statuses: { 200: 'Nothing has begun', 201: 'What has begun' },
  })
  async ask(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: retrievalBody }) body: z.output<typeof retrievalBody>,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { wanted, order } = retrievalOf(body);
    const reviewer = this.reviewer(visitor);
    if (body.dryRun) return toJson(await planRetrievalAs(reviewer, this.settings, wanted, order));
    const done = await retrieveAs(reviewer, this.settings, wanted, order);
    if (done.retrievals.length > 0) response.status(201);
    return toJson(done);
  }

  @Post('cancel')
  @HttpCode(200)
  @Idempotent()
  @Answers({
    summary: 'Cancel the retrieval of images, filesets or requests, whoever asked for it',
    description: 'What is not there yet stays archived. With `dryRun` only how much that is.',
    answer: cancellationAnswer,
  })
  async cancelOf(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: cancellationBody }) { targets, seen, dryRun }: z.output<typeof cancellationBody>,
  ) {
    const wanted = { ...wantedIn(targets.join(' ')), seen };
    const reviewer = this.reviewer(visitor);
    return toJson(dryRun ? await planCancellationAs(reviewer, wanted) : await cancelRetrievalsAs(reviewer, wanted));
  }

  @Delete(':id')
  @Answers({
    summary: 'Cancel a retrieval',
    description: 'What is not there yet stays archived. The retrieval itself stays in the list.',
    answer: retrievalCancelled,
  })
  async cancel(@CurrentVisitor() visitor: Visitor, @Param('id') id: string) {
    return toJson({ cancelled: await cancelRetrievalAs(this.reviewer(visitor), parseId(id)) });
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
