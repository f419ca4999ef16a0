import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  HttpException,
  Inject,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import type { Response } from 'express';
import { requestStates } from '@coldroom/domain';
import { decideAs, requestsFor, reviewRequest, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { parseApiDecision } from './input';
import { toJson } from './json';

/** Requests, as the pages show them. */
@Controller('api/v1/requests')
export class RequestsApi {
  constructor(
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async list(@CurrentVisitor() visitor: Visitor, @Query('state') state?: string): Promise<unknown> {
    const only = requestStates.filter((each) => each === state);
    if (state !== undefined && only.length === 0) throw new HttpException(`there is no state ${state}`, 400);
    return toJson({
      data: await requestsFor(this.reviewer(visitor), { states: state === undefined ? undefined : only }),
    });
  }

  /** `ETag` is the revision that a decision has to name. */
  @Get(':id')
  async one(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const review = await reviewRequest(this.reviewer(visitor), parseId(id));
    response.setHeader('ETag', etagOf(review.request.revision));
    return toJson(review);
  }

  /** Approves or declines. `If-Match` names the revision that was reviewed; 412 with the present request if it has changed. */
  @Post(':id/decision')
  @HttpCode(200)
  async decide(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const request = parseId(id);
    const order = { request, revision: revisionOf(ifMatch), ...parseApiDecision(body) };
    try {
      await decideAs(this.reviewer(visitor), order);
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code !== 'REQUEST_CHANGED' && code !== 'REQUEST_DECIDED') throw error;
      response.status(412).type('application/problem+json');
      const present = await reviewRequest(this.reviewer(visitor), request);
      response.setHeader('ETag', etagOf(present.request.revision));
      return toJson({ title: (error as Error).message, status: 412, code, request: present.request });
    }
    return this.one(visitor, id, response);
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}

const etagOf = (revision: number): string => `"${revision}"`;

function revisionOf(ifMatch: string | undefined): number {
  if (ifMatch === undefined)
    throw new HttpException('If-Match must name the ETag of the request as you reviewed it', 428);
  const revision = /^"([1-9]\d{0,9})"$/.exec(ifMatch)?.[1];
  if (revision === undefined) throw new HttpException('If-Match is not an ETag of a request', 400);
  return Number(revision);
}
