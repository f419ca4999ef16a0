import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
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
import { cookieName, endSession, startSession } from './session';
import { SignInPage } from './sign-in-page';

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
  ) {}

  @Public()
  @Get('sign-in')
  page(@Req() request: Request, @Res() response: Response, @Query('next') next?: string): void {
    if (request.visitor) response.redirect(303, this.site.localPath(next));
    else response.send(toHtml(SignInPage({ site: this.site, next: this.site.localPath(next) })));
  }

  @Public()
  @Post('sign-in')
  async signIn(@Req() request: Request, @Res() response: Response, @Body() body: unknown): Promise<void> {
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
    response.redirect(303, this.site.href('/sign-in'));
  }

  private async check(username: string, password: string, address: string): Promise<bigint> {
    this.attempts.check(username, address);
    try {
      const id = await this.omeroWeb.signIn(username, password);
      await this.refuseUnknown(id);
      this.attempts.succeeded(username);
      return id;
    } catch (error) {
      if (failureOf(error).code === 'SIGN_IN_REFUSED') this.attempts.failed(username, address);
      throw error;
    }
  }

  /** The register knows people from the last scan. */
  private async refuseUnknown(id: bigint): Promise<void> {
    if (await this.register.people.byId(id)) return;
    const { failed } = await this.register.people.lastRead();
    throw new Transient(
      'PERSON_UNKNOWN',
      failed === null
        ? 'Your account is right, but Coldroom does not know it yet: it reads OMERO accounts at each scan. Try again in a few minutes.'
        : `Your account is right, but Coldroom could not read OMERO's accounts (${failed}). Ask the administrator.`,
    );
  }
}
