import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import {
  cancelRetrievalAs,
  planRetrievalAs,
  retrievalFor,
  retrievalsFor,
  retrieveAs,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { parsePage, parseRetrieval } from './input';
import { toJson } from './json';
import { pageOf } from './page';

/** Restores and recalls. */
@Controller('api/v1/retrievals')
export class RetrievalsApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  /** Newest first. */
  @Get()
  async list(@CurrentVisitor() visitor: Visitor, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parsePage(query);
    return toJson(pageOf(await retrievalsFor(this.reviewer(visitor), { before: cursor, limit: limit + 1 }), limit));
  }

  @Get(':id')
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<unknown> {
    return toJson(await retrievalFor(this.reviewer(visitor), parseId(id)));
  }

  /** With `dryRun` only what it would mean. To send the same again changes nothing. */
  @Post()
  @HttpCode(200)
  async ask(
    @CurrentVisitor() visitor: Visitor,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const { wanted, order, dryRun } = parseRetrieval(body);
    const reviewer = this.reviewer(visitor);
    if (dryRun) return toJson(await planRetrievalAs(reviewer, this.settings, wanted, order));
    const done = await retrieveAs(reviewer, this.settings, wanted, order);
    if (done.retrievals.length > 0) response.status(201);
    return toJson(done);
  }

  /** What is not there yet stays archived; the retrieval itself stays in the list. */
  @Delete(':id')
  async cancel(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<unknown> {
    return toJson({ cancelled: await cancelRetrievalAs(this.reviewer(visitor), parseId(id)) });
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
