import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { z } from 'zod';
import { importStates } from '@coldroom/domain';
import {
  browse,
  cancelImport,
  chooseSource,
  failureOf,
  listImports,
  may,
  orderImport,
  retryImport,
  showImport,
  type Browsed,
  type Reviewer,
} from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { Changes } from '../live/changes';
import { toHtml } from '../layout/html';
import { parseAs, parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Site } from '../site';
import { BrowsePage } from './browse-page';
import { Buffers } from './buffers';
import { ImportPage } from './import-page';
import { isMoving } from './import-state';
import { ImportsPage, statesOf } from './imports-page';
import { importForm, importWishOf, listQuery, newQuery } from './input';
import { OrderPage } from './order-page';

const pageSize = 50;

/** The pages on which imports are ordered and followed. */
@Controller('imports')
export class ImportsController {
  constructor(
    private readonly register: Register,
    private readonly changes: Changes,
    private readonly site: Site,
    private readonly buffers: Buffers,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  async list(@CurrentVisitor() visitor: Visitor, @Query() query: unknown): Promise<string> {
    const { state: filter, before } = parseAs(listQuery, query);
    const version = await this.changes.version();
    const states = filter && statesOf(filter, importStates);
    const page = { states, before: before === undefined ? undefined : parseId(before), limit: pageSize };
    const listing = await listImports(this.reviewer(visitor), page);
    const live = { version, moving: listing.imports.some(({ state }) => isMoving(state)) };
    const canOrder =
      this.buffers.areSetUp && may(visitor.actor.roles, 'import', ['own', 'other'], this.settings.policy);
    return toHtml(ImportsPage({ site: this.site, visitor, listing, filter, canOrder, live }));
  }

  /** The directories of the buffer, or what was chosen in them; changes nothing. */
  @Get('new')
  async choose(@CurrentVisitor() visitor: Visitor, @Query() query: unknown, @Res() response: Response): Promise<void> {
    const { in: directory, path } = parseAs(newQuery, query);
    if (path !== undefined) return this.showForm(visitor, path, {}, response);
    let [browsed, problem]: [Browsed | undefined, string | undefined] = [undefined, undefined];
    try {
      browsed = await browse(this.reviewer(visitor), await this.buffers.imports(), directory);
    } catch (error) {
      problem = this.refusal(error, response);
    }
    response.send(toHtml(BrowsePage({ site: this.site, visitor, browsed, problem })));
  }

  @Post('new')
  async order(@CurrentVisitor() visitor: Visitor, @Body() body: unknown, @Res() response: Response): Promise<void> {
    const form = parseAs(importForm, body);
    try {
      const { recorded } = await this.ordered(visitor, form);
      response.redirect(303, this.site.href(`/imports/${recorded.id}`));
    } catch (error) {
      await this.showForm(visitor, form.path, form, response, this.refusal(error, response));
    }
  }

  @Get(':id')
  async one(@CurrentVisitor() visitor: Visitor, @Param('id') id: string): Promise<string> {
    const version = await this.changes.version();
    const details = await showImport(this.reviewer(visitor), parseId(id));
    const live = { version, moving: isMoving(details.order.state) };
    return toHtml(ImportPage({ site: this.site, visitor, details, live }));
  }

  @Post(':id/retry')
  async retry(@CurrentVisitor() visitor: Visitor, @Param('id') id: string, @Res() response: Response): Promise<void> {
    const steered = await retryImport(this.reviewer(visitor), parseId(id));
    response.redirect(303, this.site.href(`/imports/${steered.id}`));
  }

  @Post(':id/cancel')
  async cancel(@CurrentVisitor() visitor: Visitor, @Param('id') id: string, @Res() response: Response): Promise<void> {
    const steered = await cancelImport(this.reviewer(visitor), parseId(id));
    response.redirect(303, this.site.href(`/imports/${steered.id}`));
  }

  private async ordered(visitor: Visitor, form: z.output<typeof importForm>) {
    const { _csrf, ...wish } = form;
    return orderImport(this.reviewer(visitor), await this.buffers.imports(), importWishOf(wish));
  }

  private async showForm(
    visitor: Visitor,
    path: string,
    given: Readonly<Record<string, unknown>>,
    response: Response,
    problem?: string,
  ): Promise<void> {
    try {
      const choice = await chooseSource(this.reviewer(visitor), await this.buffers.imports(), path);
      const isOpen = choice.preview === undefined && choice.problem === undefined;
      const live = { version: await this.changes.version(), moving: isOpen };
      response.send(toHtml(OrderPage({ site: this.site, visitor, choice, path, given, problem, live })));
    } catch (error) {
      const refused = this.refusal(error, response);
      response.send(toHtml(BrowsePage({ site: this.site, visitor, browsed: undefined, problem: problem ?? refused })));
    }
  }

  /** Why something was refused, for the page; anything else is thrown again. */
  private refusal(error: unknown, response: Response): string {
    const { code, message } = failureOf(error);
    if (code === 'NOT_PERMITTED') response.status(403);
    else if (code.startsWith('IMPORT') || code === 'PATH_NOT_ALLOWED') response.status(409);
    else if (code === 'ROOT_UNAVAILABLE') response.status(503);
    else throw error;
    return code === 'ROOT_UNAVAILABLE' ? 'The buffer cannot be reached now. Ask the administrator.' : message;
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }
}
