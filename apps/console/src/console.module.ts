import { Module, type DynamicModule } from '@nestjs/common';
import { LifeSigns, SERVICE_NAME, watchConnections } from '@coldroom/pipeline';
import { migrate, Register } from '@coldroom/register';
import { Log, Readiness, type Settings } from '@coldroom/runtime';
import { ConsoleServer } from './console-server';
import { consoleSettings, type consoleParts } from './console-settings';

@Module({})
class ConsoleModule {}

export function consoleModule(settings: Settings<(typeof consoleParts)[number] | 'service'>): DynamicModule {
  return {
    module: ConsoleModule,
    providers: [
      {
        provide: Register,
        useFactory: async () => {
          await migrate(settings.REGISTER_DATABASE_URL);
          const register = new Register(settings.REGISTER_DATABASE_URL, { applicationName: 'coldroom console' });
          watchConnections(register);
          return register;
        },
      },
      {
        provide: ConsoleServer,
        inject: [Register, Readiness, Log],
        useFactory: (register: Register, readiness: Readiness, log: Log) =>
          new ConsoleServer(consoleSettings(settings), register, readiness, log),
      },
      { provide: SERVICE_NAME, useValue: 'console' },
      LifeSigns,
    ],
  };
}
