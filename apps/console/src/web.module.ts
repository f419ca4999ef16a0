import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { QueuesModule } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { apiControllers } from './api/controllers';
import { ApiDocument } from './api/document';
import { DocumentApi } from './api/document.api';
import { inputPipe } from './api/input-pipe';
import { ApiRate } from './api/rate';
import { AuditController } from './audit/audit.controller';
import { CONSOLE, type ConsoleSettings } from './console-settings';
import { FilesController } from './files/files.controller';
import { Buffers } from './imports/buffers';
import { ImportsController } from './imports/imports.controller';
import { ErrorFilter } from './layout/error.filter';
import { Changes } from './live/changes';
import { LiveController } from './live/live.controller';
import { Paces } from './live/paces';
import { MeController } from './me/me.controller';
import { OpenController } from './open/open.controller';
import { OverviewController } from './overview/overview.controller';
import { PeopleController } from './people/people.controller';
import { BoardModule } from './queues/board.module';
import { QueueMetrics } from './queues/queue-metrics';
import { QueuesController } from './queues/queues.controller';
import { ReportsController } from './reports/reports.controller';
import { RequestsController } from './requests/requests.controller';
import { RetrievalsController } from './retrievals/retrievals.controller';
import { ActorGuard, VisitorGuard } from './sign-in/actor.guard';
import { SignInAttempts } from './sign-in/attempts';
import { OmeroWeb } from './sign-in/omero-web';
import { ProxyIdentity } from './sign-in/proxy-identity';
import { SignInController } from './sign-in/sign-in.controller';
import { Visitors } from './sign-in/visitors';
import { Site } from './site';
import { StoresController } from './stores/stores.controller';
import { Uploads } from './uploads/uploads';
import { UploadsApi } from './uploads/uploads.api';
import { UsageController } from './usage/usage.controller';
import { SystemController } from './system/system.controller';

/** What every part of the console may use. */
@Module({})
class Common {
  static with(register: Register, log: Log): DynamicModule {
    const providers = [
      { provide: Register, useValue: register },
      { provide: Log, useValue: log },
    ];
    return { module: Common, global: true, providers, exports: providers };
  }
}

/** Pages and REST API: what is served to browsers and programs. */
@Module({})
export class WebModule {
  static with(settings: ConsoleSettings, register: Register, log: Log): DynamicModule {
    const site = new Site(settings.url);
    const proxy = settings.proxy && new ProxyIdentity(settings.proxy, log);
    const visitors = new Visitors(register, settings, proxy);
    const queues = QueuesModule.forRoot({ url: settings.redisUrl, prefix: settings.queuePrefix });
    return {
      module: WebModule,
      imports: [
        Common.with(register, log),
        queues,
        BoardModule.with(settings, queues, visitors, site),
        ApiRate.module(settings.apiRate, site),
      ],
      controllers: [
        SignInController,
        OverviewController,
        MeController,
        RequestsController,
        FilesController,
        RetrievalsController,
        ImportsController,
        OpenController,
        UsageController,
        ReportsController,
        PeopleController,
        StoresController,
        AuditController,
        SystemController,
        QueuesController,
        LiveController,
        DocumentApi,
        UploadsApi,
        ...apiControllers,
      ],
      providers: [
        { provide: CONSOLE, useValue: settings },
        { provide: Site, useValue: site },
        { provide: Visitors, useValue: visitors },
        Buffers,
        Uploads,
        Changes,
        Paces,
        { provide: ProxyIdentity, useValue: proxy },
        { provide: OmeroWeb, useValue: new OmeroWeb(settings.omeroWeb) },
        { provide: SignInAttempts, useFactory: () => new SignInAttempts() },
        ApiDocument,
        QueueMetrics,
        { provide: APP_GUARD, useClass: VisitorGuard },
        { provide: APP_GUARD, useClass: ApiRate },
        { provide: APP_GUARD, useClass: ActorGuard },
        { provide: APP_PIPE, useValue: inputPipe },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
    };
  }
}
