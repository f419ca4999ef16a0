import { randomBytes, timingSafeEqual } from 'node:crypto';
import connectPgSimple from 'connect-pg-simple';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { Log } from '@coldroom/runtime';
import { codeOf, messageOf } from '@coldroom/domain';
import type { Site } from '../site';

declare module 'express-session' {
  interface SessionData {
    /** OMERO's experimenter id. */
    personId: string;
    /** Milliseconds since 1970. */
    signedInAt: number;
    /** What each form and each script has to send along, as no other site can read it. */
    csrf: string;
  }
}

export interface SessionSettings {
  readonly databaseUrl: string;
  readonly secret: string;
  readonly idleMs: number;
  readonly site: Site;
  readonly log: Log;
}

/** Of our own, as OMERO.web on the same host has `sessionid` and `csrftoken`. */
export const cookieName = 'coldroom.session';

/** Sessions in the register's PostgreSQL, so that a restart signs no one out and a sign-out holds everywhere. */
export function sessions({ databaseUrl, secret, idleMs, site, log }: SessionSettings): {
  readonly middleware: RequestHandler;
  readonly close: () => Promise<void>;
} {
  const PgStore = connectPgSimple(session);
  const store = new PgStore({
    conString: databaseUrl,
    schemaName: 'coldroom',
    tableName: 'session',
    ttl: Math.ceil(idleMs / 1000),
    errorLog: (error: unknown) => log.warn('sessions not available', { code: codeOf(error), reason: messageOf(error) }),
  });
  // A page that reads itself again shows no person at work: sessions end when people stop using them.
  const unattended = new WeakSet<object>();
  const touch = store.touch?.bind(store);
  store.touch = (id, data, done) => (unattended.has(data) ? done?.() : touch?.(id, data, done));
  const handler = session({
    name: cookieName,
    secret,
    store,
    resave: false,
    rolling: true,
    saveUninitialized: false,
    // The address that people use decides whether the cookie is for HTTPS only, whatever is between.
    proxy: site.secure,
    cookie: { httpOnly: true, sameSite: 'lax', secure: site.secure, path: `${site.base}/`, maxAge: idleMs },
  });
  const middleware: RequestHandler = (request, response, next) =>
    handler(request, response, (error?: unknown) => {
      if (isUnattended(request, site) && request.session) unattended.add(request.session);
      next(error);
    });
  return { middleware, close: async () => store.close() };
}

const isUnattended = ({ path, headers }: Request, site: Site): boolean =>
  path === site.href('/live') || headers['x-coldroom-live'] !== undefined;

/** Starts a session of its own for this person: an identifier that someone planted before is worth nothing. */
export async function startSession(request: Pick<Request, 'session'>, personId: bigint): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.session.regenerate((error?: Error) => (error ? reject(error) : resolve()));
  });
  request.session.personId = personId.toString();
  request.session.signedInAt = Date.now();
  request.session.csrf = newCsrf();
  await new Promise<void>((resolve, reject) => {
    request.session.save((error?: Error) => (error ? reject(error) : resolve()));
  });
}

export const newCsrf = (): string => randomBytes(24).toString('base64url');

export async function endSession(request: Pick<Request, 'session'>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.session.destroy((error?: Error) => (error ? reject(error) : resolve()));
  });
}

export function isSameToken(expected: string | undefined, given: unknown): boolean {
  if (expected === undefined || typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(expected), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
