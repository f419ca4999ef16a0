import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { decideAs, failureOf, reviewRequest, type DecisionOrder } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseDecision, parseId } from './input';
import { parseSearch } from './search';
import { sectionsFor } from './sections';
import { toHtml } from '../layout/html';
import { Changes } from '../live/changes';
import { Paces } from '../live/paces';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { RequestPage } from './request-page';
import { RequestsPage } from './requests-page';

/** What is shown on the page of the request instead of a page of its own. */
const refusals = [
  'NOT_PERMITTED',
  'REASON_MISSING',
  'REQUEST_DECIDED',
  'REQUEST_CHANGED',
  'NO_SUCH_FILESET',
  'IMAGES_KEPT',
  'STORE_UNKNOWN',
  'STORE_NOT_PROTECTED',
  'STORE_NOT_PROVABLE',
  'FILE_SYSTEM_UNABLE',
];

/** The pages on which requests are reviewed and decided. */
@Controller('requests')
export class RequestsController {
  constructor(
    private readonly register: Register,
    private readonly site: Site,
    private readonly changes: Changes,
    private readonly paces: Paces,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async list(@CurrentVisitor() visitor: Visitor, @Query() query: unknown): Promise<string> {
    const search = parseSearch(query);
    const sections = await sectionsFor(this.reviewer(visitor), search);
    return toHtml(RequestsPage({ site: this.site, visitor, search, sections }));
  }

  @Get(':id')
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<string> {
    return this.page(visitor, parseId(id));
  }

  @Post(':id/approve')
  async approve(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res() response: Response,
  ): Promise<void> {
    await this.decide(visitor, { request: parseId(id), decision: 'approve', ...parseDecision(body) }, response);
  }

  @Post(':id/decline')
  @HttpCode(303)
  async decline(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res() response: Response,
  ): Promise<void> {
    await this.decide(visitor, { request: parseId(id), decision: 'decline', ...parseDecision(body) }, response);
  }

  @Post(':id/withdraw')
  async withdraw(
    @CurrentVisitor() visitor: Visitor,
    @Param('id') id: string,
    @Body() body: unknown,
    @Res() response: Response,
  ): Promise<void> {
    await this.decide(visitor, { request: parseId(id), decision: 'withdraw', ...parseDecision(body) }, response);
  }

  /** Shows the request afterwards; where it was refused, with the reason and in its present state. */
  private async decide(visitor: Visitor, order: DecisionOrder, response: Response): Promise<void> {
    try {
      await decideAs(this.reviewer(visitor), order);
      response.redirect(303, this.site.href(`/requests/${order.request}`));
    } catch (error) {
      const { code, message } = failureOf(error);
      if (!refusals.includes(code)) throw error;
      response.status(code === 'NOT_PERMITTED' ? 403 : 409).send(await this.page(visitor, order.request, message));
    }
  }

  private async page(visitor: Visitor, id: bigint, problem?: string): Promise<string> {
    const version = await this.changes.version(id);
    const review = await reviewRequest(this.reviewer(visitor), id);
    const moving = review.request.state === 'Running';
    const pace = moving ? await this.paces.of(id) : undefined;
    const decides = review.permitted.includes('approve') || review.permitted.includes('decline');
    const live = { requestId: id, version, moving, revision: decides ? review.request.revision : undefined };
    return toHtml(
      RequestPage({ site: this.site, visitor, review, problem, pace, live, omeroWeb: this.settings.omeroWebPublic }),
    );
  }

  private reviewer({ actor }: Visitor): Parameters<typeof reviewRequest>[0] {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
