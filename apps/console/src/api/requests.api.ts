import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Response } from 'express';
import type { z } from 'zod';
import { eventsPage, requestsPage, review } from '@coldroom/api';
import {
  decideAs,
  eventsFor,
  failureOf,
  requestsFor,
  reviewRequest,
  type DecisionOrder,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Answers } from './answers';
import { Idempotent } from './idempotent';
import { decision, page, requestFilterOf, requestQuery, type Decision, type Page } from './input';
import { toJson } from './json';
import { pageOf } from './page';
import { ApiProblem } from './problem';

/** Requests, as the pages show them. */
@Controller('api/v1/requests')
export class RequestsApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Answers({ summary: 'Requests that you may see, newest first', answer: requestsPage })
  async list(
    @CurrentVisitor() visitor: Visitor,
    @Query({ schema: requestQuery }) query: z.output<typeof requestQuery>,
  ) {
    const { cursor, limit } = query;
    const found = await requestsFor(this.reviewer(visitor), requestFilterOf(query), {
      after: cursor,
      limit: limit + 1,
    });
    return toJson(pageOf(found, limit));
  }

  @Get(':id')
  @Answers({
    summary: 'One request, what it means, and what you may do',
    description: 'The header `ETag` is what a decision names in `If-Match`.',
    answer: review,
  })
  async one(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    return toJson(await this.reviewed(visitor, parseId(id), response));
  }

  @Get(':id/events')
  @Answers({ summary: 'All events of a request, newest first', answer: eventsPage })
  async events(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Query({ schema: page }) { cursor: before, limit }: Page,
  ) {
    return toJson(pageOf(await eventsFor(this.reviewer(visitor), parseId(id), { before, limit: limit + 1 }), limit));
  }

  @Post(':id/decision')
  @HttpCode(200)
  @Idempotent()
  @ApiHeader({ name: 'If-Match', required: true, description: 'The `ETag` of the request as you reviewed it' })
  @Answers({
    summary: 'Approve, decline or withdraw a request',
    description:
      'Answers the request afterwards. If it has changed since that `ETag`, the answer is 412 with the present request in `request`.',
    answer: review,
  })
  async decide(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: decision }) body: Decision,
    @Res({ passthrough: true }) response: Response,
  ) {
    const order = { request: parseId(id), revision: revisionOf(ifMatch), ...body };
    await this.carryOut(visitor, order, response);
    return toJson(await this.reviewed(visitor, order.request, response));
  }

  private async carryOut(visitor: Visitor, order: DecisionOrder, response: Response): Promise<void> {
    try {
      await decideAs(this.reviewer(visitor), order);
    } catch (error) {
      const { code, message } = failureOf(error);
      if (code !== 'REQUEST_CHANGED' && code !== 'REQUEST_DECIDED') throw error;
      const { request } = await this.reviewed(visitor, order.request, response);
      throw new ApiProblem(412, code, message, { request: toJson(request) });
    }
  }

  private async reviewed(
    visitor: Visitor,
    id: bigint,
    response: Response,
  ): Promise<Awaited<ReturnType<typeof reviewRequest>>> {
    const found = await reviewRequest(this.reviewer(visitor), id);
    response.setHeader('ETag', `"${found.request.revision}"`);
    return found;
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}

function revisionOf(ifMatch: string | undefined): number {
  if (ifMatch === undefined)
    throw new ApiProblem(428, 'IF_MATCH_MISSING', 'If-Match must name the ETag of the request as you reviewed it');
  const revision = /^"([1-9]\d{0,9})"$/.exec(ifMatch)?.[1];
  if (revision === undefined) throw new ApiProblem(400, 'BAD_REQUEST', 'If-Match is not an ETag of a request');
  return Number(revision);
}
