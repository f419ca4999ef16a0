import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { RequestsApi } from './api/requests.api';
import { CONSOLE, type ConsoleSettings } from './console-settings';
import { ErrorFilter } from './layout/error.filter';
import { RequestsController } from './requests/requests.controller';
import { ActorGuard } from './sign-in/actor.guard';
import { SignInAttempts } from './sign-in/attempts';
import { OmeroWeb } from './sign-in/omero-web';
import { SignInController } from './sign-in/sign-in.controller';
import { Site } from './site';

/** Pages and REST API: what is served to browsers and programs. */
@Module({})
export class WebModule {
  static with(settings: ConsoleSettings, register: Register, log: Log): DynamicModule {
    return {
      module: WebModule,
      controllers: [SignInController, RequestsController, RequestsApi],
      providers: [
        { provide: CONSOLE, useValue: settings },
        { provide: Register, useValue: register },
        { provide: Log, useValue: log },
        { provide: Site, useValue: new Site(settings.url) },
        { provide: OmeroWeb, useValue: new OmeroWeb(settings.omeroWeb) },
        { provide: SignInAttempts, useFactory: () => new SignInAttempts() },
        { provide: APP_GUARD, useClass: ActorGuard },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
    };
  }
}
