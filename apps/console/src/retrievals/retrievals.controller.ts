import { BadRequestException, Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import {
  cancelRetrievalAs,
  failureOf,
  planRetrievalAs,
  retrievalFor,
  retrievalsFor,
  retrieveAs,
  type RetrievalFor,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { Changes } from '../live/changes';
import { toHtml } from '../layout/html';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { AskBackPage } from './ask-back-page';
import { parseWish } from './input';
import { RetrievalPage } from './retrieval-page';

type Query_ = Readonly<Record<string, unknown>>;

/** More are on further pages. */
const pageSize = 20;
/** Refusals that the form shows, beside what was named. */
const shownAs: Readonly<Record<string, number>> = {
  NO_SUCH_TARGET: 404,
  NOT_PERMITTED: 403,
  NOT_RECALLABLE: 409,
  NOT_ENOUGH_SPACE: 409,
  BAG_BUSY: 503,
  CONTAINER_NOT_READ: 503,
  CONTAINER_TOO_LARGE: 409,
  CONTAINER_CHANGED: 409,
};

/** The pages on which images are brought back. */
@Controller()
export class RetrievalsController {
  constructor(
    private readonly register: Register,
    private readonly changes: Changes,
    private readonly site: Site,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  /** The form, and what it would mean to bring back what was named; changes nothing. */
  @Get('ask-back')
  async form(
    @CurrentVisitor() visitor: Visitor,
    @Query() { before, ...query }: Query_,
    @Res() response: Response,
  ): Promise<void> {
    await this.show(visitor, { query, before, response }, async () => {
      const wish = parseWish({ what: '', ...query });
      return wish && planRetrievalAs(this.reviewer(visitor), this.settings, wish.wanted, wish.order);
    });
  }

  @Post('ask-back')
  async ask(@CurrentVisitor() visitor: Visitor, @Body() body: Query_, @Res() response: Response): Promise<void> {
    const { _csrf, ...query } = body;
    await this.show(visitor, { query, response }, async () => {
      const wish = parseWish({ what: '', ...query });
      if (!wish) throw new BadRequestException('Say what to bring back.');
      const done = await retrieveAs(this.reviewer(visitor), this.settings, wish.wanted, wish.order);
      const only = done.retrievals.length === 1 ? done.retrievals[0] : undefined;
      response.redirect(303, this.site.href(only === undefined ? '/ask-back' : `/retrievals/${only}`));
      return undefined;
    });
  }

  @Get('retrievals/:id')
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<string> {
    const number = parseId(id);
    const { retrieval } = await retrievalFor(this.reviewer(visitor), number);
    const version = await this.changes.version(retrieval.requestId);
    const review = await retrievalFor(this.reviewer(visitor), number);
    const live = { requestId: retrieval.requestId, version, moving: review.retrieval.state === 'under way' };
    return toHtml(RetrievalPage({ site: this.site, visitor, review, live }));
  }

  @Post('retrievals/:id/cancel')
  async cancel(@CurrentVisitor() visitor: Visitor, @Param('id') id: string, @Res() response: Response): Promise<void> {
    const number = parseId(id);
    await cancelRetrievalAs(this.reviewer(visitor), number);
    response.redirect(303, this.site.href(`/retrievals/${number}`));
  }

  /** The page with what `work` found, or with the reason why it was refused. */
  private async show(
    visitor: Visitor,
    { query, before, response }: { readonly query: Query_; readonly before?: unknown; readonly response: Response },
    work: () => Promise<RetrievalFor | undefined>,
  ): Promise<void> {
    let [planned, problem]: [RetrievalFor | undefined, string | undefined] = [undefined, undefined];
    try {
      planned = await work();
    } catch (error) {
      const { code, message } = failureOf(error);
      const status = error instanceof BadRequestException ? 400 : shownAs[code];
      if (status === undefined) throw error;
      response.status(status);
      problem =
        code === 'NO_SUCH_TARGET' ? 'None of this is in the archive, or not for you. Check the numbers.' : message;
    }
    if (response.headersSent) return;
    const page = { before: typeof before === 'string' ? parseId(before) : undefined, limit: pageSize + 1 };
    const retrievals = await retrievalsFor(this.reviewer(visitor), page);
    response.send(toHtml(AskBackPage({ site: this.site, visitor, query, planned, problem, retrievals, pageSize })));
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
