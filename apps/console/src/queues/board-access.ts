import type { RequestHandler } from 'express';
import { may } from '@coldroom/operations';
import type { ConsoleSettings } from '../console-settings';
import { isForeign } from '../sign-in/actor.guard';
import type { Visitors } from '../sign-in/visitors';
import type { Site } from '../site';

/**
 * Admits to Bull Board, which is plain Express and passes by the guards of NestJS: only those who may see the queues, and
 * to changes only those who may change them. For everyone else there is no such page.
 */
export function boardAccess(settings: ConsoleSettings, visitors: Visitors, site: Site): RequestHandler {
  return (request, response, next) => {
    const admit = async (): Promise<void> => {
      const visitor = await visitors.of(request, false);
      const action = ['GET', 'HEAD'].includes(request.method) ? 'seeQueues' : 'changeQueues';
      const permitted = visitor !== undefined && may(visitor.actor.roles, action, ['other'], settings.policy);
      if (!permitted || isForeign(request, site)) {
        response.sendStatus(404);
        return;
      }
      response.setHeader('Content-Security-Policy', boardPolicy);
      response.setHeader('X-Frame-Options', 'SAMEORIGIN');
      next();
    };
    admit().catch(next);
  };
}

/**
 * Bull Board's page has a base element and styles within it, and asks a font service for a font: that is not loaded. It is
 * shown within a page of ours.
 */
const boardPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');
