import { Body, Controller, Get, NotFoundException, Optional, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Transient } from '@coldroom/domain';
import { failureOf } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { toHtml } from '../layout/html';
import { Site } from '../site';
import { Public } from './actor.guard';
import { SignInAttempts } from './attempts';
import { OmeroWeb } from './omero-web';
import { ProxyIdentity } from './proxy-identity';
import { cookieName, endSession, startSession } from './session';
import { ProxyRefusalPage, SignInPage } from './sign-in-page';
import { Visitors } from './visitors';

const form = z.object({
  username: z.string().min(1).max(255),
  password: z.string().min(1).max(1000),
  next: z.string().max(2000).optional(),
});

/** Signing in with an OMERO account, and out again. */
@Controller()
export class SignInController {
  constructor(
    private readonly omeroWeb: OmeroWeb,
    private readonly register: Register,
    private readonly attempts: SignInAttempts,
    private readonly site: Site,
    private readonly log: Log,
    private readonly visitors: Visitors,
    @Optional() private readonly proxy?: ProxyIdentity,
  ) {}

  @Public()
  @Get('sign-in')
  async page(@Req() request: Request, @Res() response: Response, @Query('next') next?: string): Promise<void> {
    if (request.visitor) response.redirect(303, this.site.localPath(next));
    else if (this.proxy) await this.explain(request, response, this.proxy);
    else response.send(toHtml(SignInPage({ site: this.site, next: this.site.localPath(next) })));
  }

  @Public()
  @Post('sign-in')
  async signIn(@Req() request: Request, @Res() response: Response, @Body() body: unknown): Promise<void> {
    if (this.proxy) throw new NotFoundException();
    const { username, password, next } = form.parse(body);
    const page = (problem: string): string =>
      toHtml(SignInPage({ site: this.site, next: this.site.localPath(next), username, problem }));
    try {
      const personId = await this.check(username, password, request.ip ?? '');
      await startSession(request, personId);
      this.log.info('signed in', { person: personId });
      response.redirect(303, this.site.localPath(next));
    } catch (error) {
      const { code, message } = failureOf(error);
      this.log.warn('sign-in refused', { account: username, address: request.ip, code });
      response.status(error instanceof Transient ? 503 : 403).send(page(message));
    }
  }

  @Post('sign-out')
  async signOut(@Req() request: Request, @Res() response: Response): Promise<void> {
    await endSession(request);
    response.clearCookie(cookieName, { path: `${this.site.base}/` });
    response.redirect(303, this.proxy?.signOutUrl ?? this.site.href('/sign-in'));
  }

  /** Where a proxy signs people in, it would start another session at the next request. */
  @Post('sign-out-everywhere')
  async signOutEverywhere(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { personId } = request.session;
    if (this.proxy || personId === undefined) throw new NotFoundException();
    const ended = await this.register.sessions.endAll(BigInt(personId));
    this.log.info('signed out everywhere', { person: personId, sessions: ended });
    await this.signOut(request, response);
  }

  /** Why the proxy's word lets no one in. */
  private async explain(request: Request, response: Response, proxy: ProxyIdentity): Promise<void> {
    try {
      await this.visitors.named(request, proxy);
      response.redirect(303, this.site.href('/'));
    } catch (error) {
      const { code, message } = failureOf(error);
      this.log.warn('sign-in refused', { address: request.socket.remoteAddress, code });
      response.status(error instanceof Transient ? 503 : 403);
      response.send(toHtml(ProxyRefusalPage({ site: this.site, problem: message, code })));
    }
  }

  private async check(username: string, password: string, address: string): Promise<bigint> {
    this.attempts.check(username, address);
    try {
      const id = await this.omeroWeb.signIn(username, password);
      if (!(await this.register.people.byId(id))) throw await this.visitors.unknown();
      this.attempts.succeeded(username);
      return id;
    } catch (error) {
      if (failureOf(error).code === 'SIGN_IN_REFUSED') this.attempts.failed(username, address);
      throw error;
    }
  }
}
