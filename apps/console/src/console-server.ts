import { join } from 'node:path';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { Register } from '@coldroom/register';
import { Log, Readiness } from '@coldroom/runtime';
import { ApiDocument } from './api/document';
import { apiGate } from './api/gate';
import { strictJson } from './api/strict-json';
import type { ConsoleSettings } from './console-settings';
import { sessions } from './sign-in/session';
import { Site } from './site';
import { WebModule } from './web.module';

/**
 * The server for browsers and programs, on an address of its own: metrics and health, which have no login, are not
 * reachable there.
 */
@Injectable()
export class ConsoleServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private app: NestExpressApplication | undefined;
  private closeSessions: () => Promise<void> = async () => undefined;

  constructor(
    private readonly settings: ConsoleSettings,
    private readonly register: Register,
    private readonly readiness: Readiness,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.readiness.add('register', () => this.register.reports.clock());
    this.app = await this.create();
    await this.app.listen(this.settings.port, this.settings.host);
    this.log.info('console started', { address: await this.app.getUrl(), url: this.settings.url });
  }

  /** Where it listens, once it has started. */
  async address(): Promise<string> {
    return this.app?.getUrl() ?? '';
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.app?.close();
    await this.closeSessions();
    await this.register.close();
  }

  private async create(): Promise<NestExpressApplication> {
    const { settings, log } = this;
    const site = new Site(settings.url);
    const app = await NestFactory.create<NestExpressApplication>(WebModule.with(settings, this.register, log), {
      logger: log,
      abortOnError: false,
      bodyParser: false,
      rawBody: true,
      forceCloseConnections: true,
    });
    app.set('trust proxy', settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false);
    app.set('query parser', 'simple');
    app.disable('x-powered-by');
    app.use(securityHeaders(site, settings));
    app.useStaticAssets(join(__dirname, 'assets'), { prefix: site.href('/assets/'), maxAge: '1h' });
    if (site.secure) app.use(asSecure);
    const { middleware, close } = sessions({
      databaseUrl: settings.registerUrl,
      secret: settings.sessionSecret,
      idleMs: settings.sessionIdleMs,
      site,
      log,
    });
    this.closeSessions = close;
    app.use(middleware);
    const document = app.get(ApiDocument);
    document.of(app);
    app.use(
      site.href('/api/v1'),
      apiGate(() => document.get().paths),
    );
    app.useBodyParser('json', { limit: '100kb', strict: true });
    app.use(strictJson);
    app.useBodyParser('urlencoded', { limit: '100kb', extended: false });
    if (site.base !== '') app.setGlobalPrefix(site.base);
    return app;
  }
}

function securityHeaders(
  site: Site,
  { omeroWebPublic, proxy }: Pick<ConsoleSettings, 'omeroWebPublic' | 'proxy'>,
): ReturnType<typeof helmet> {
  const originOf = (url: string | undefined): readonly string[] => (url === undefined ? [] : [new URL(url).origin]);
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", ...originOf(omeroWebPublic)],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        // Browsers apply this also to where a form's answer redirects them.
        formAction: ["'self'", ...originOf(proxy?.signOutUrl)],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        frameSrc: ["'self'"],
      },
    },
    strictTransportSecurity: site.secure,
    referrerPolicy: { policy: 'same-origin' },
  });
}

/** People reach this over HTTPS, whatever is between; without this, the session's cookie would not be sent to them. */
function asSecure(request: { headers: Record<string, unknown> }, _response: unknown, next: () => void): void {
  request.headers['x-forwarded-proto'] = 'https';
  next();
}
