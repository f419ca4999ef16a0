import { hostname } from 'node:os';
import { Inject, Injectable, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { Files } from '@coldroom/files';
import { migrate, Register } from '@coldroom/register';
import { secret, type Settings } from '@coldroom/runtime';
import { openConfiguredStores, type Stores } from '@coldroom/stores';
import { HoldDirectories, holdPaths, Originals, Staging } from '@coldroom/trees';
import { STORES } from './configured-stores';
import { delivery } from './delivery';
import { FileSystems } from './file-systems';
import { LifeSigns, SERVICE_NAME } from './life-signs';
import { watchConnections } from './metrics';
import { RedisConnection } from './redis';
import { CHECKS, ServiceEnd, ServiceStart, type Checks } from './service-life';
import { checkHolds, checkOriginals, checkStores, type Rights } from './rights';
import type { Stage } from './stage';

/** The parts of the settings that every service with stages reads. */
export const serviceParts = ['register', 'redis', 'originals', 'stores'] as const;
export type ServiceSettings = Settings<(typeof serviceParts)[number] | 'service'>;

export interface ServiceOptions {
  readonly stages: readonly Type<Stage>[];
  readonly providers?: readonly Provider[];
  /** What its stages do in directories that the service does not own. */
  readonly rights: Rights;
}

@Module({})
class ServiceModule {}

@Injectable()
class Checked {
  constructor(
    readonly redis: RedisConnection,
    @Inject(STORES) readonly stores: Stores,
    readonly originals: Originals,
    readonly holds: HoldDirectories,
    readonly register: Register,
    readonly fileSystems: FileSystems,
  ) {}
}

/** Wires a service: its stages, and what they need for delivery, claims, runs and transitions. */
export function serviceModule(name: string, settings: ServiceSettings, options: ServiceOptions): DynamicModule {
  const { imports, providers } = delivery(options.stages, {
    url: settings.REDIS_URL,
    prefix: settings.COLDROOM_QUEUE_PREFIX,
    concurrency: settings.COLDROOM_CONCURRENCY,
    sweepMs: settings.COLDROOM_SWEEP_EVERY,
    runner: {
      worker: `${name}@${hostname()}/${process.pid}`,
      leaseMs: settings.COLDROOM_LEASE,
      attempts: settings.COLDROOM_ATTEMPTS,
      retryPauseMs: settings.COLDROOM_RETRY_PAUSE,
      waitLimitMs: settings.COLDROOM_WAIT_LIMIT,
      errorLimit: settings.COLDROOM_ERROR_LIMIT,
    },
  });
  return {
    module: ServiceModule,
    imports,
    providers: [
      { provide: Register, useFactory: async () => openRegister(name, settings) },
      {
        provide: Files,
        useFactory: () =>
          new Files({
            threads: settings.COLDROOM_CONCURRENCY,
            crashAt: settings.COLDROOM_CRASH_AT,
            freezeAt: settings.COLDROOM_FREEZE_AT,
          }),
      },
      { provide: Originals, useValue: new Originals(settings.OMERO_DATA_DIR) },
      {
        provide: HoldDirectories,
        useValue: new HoldDirectories(holdPaths(settings)),
      },
      {
        provide: Staging,
        inject: [Originals, HoldDirectories],
        useFactory: (originals: Originals, holds: HoldDirectories) => new Staging(originals, holds),
      },
      {
        provide: STORES,
        inject: [Files, Register],
        useFactory: (files: Files, { storeMarkers }: Register) =>
          openConfiguredStores(settings, {
            files,
            secrets: secret,
            markers: storeMarkers,
            crashPoints: { crashAt: settings.COLDROOM_CRASH_AT, freezeAt: settings.COLDROOM_FREEZE_AT },
          }),
      },
      ...options.stages,
      ...(options.providers ?? []),
      ...providers,
      FileSystems,
      Checked,
      {
        provide: CHECKS,
        inject: [Checked],
        useFactory: (parts: Checked) => checksOf(parts, options.rights),
      },
      ServiceStart,
      { provide: SERVICE_NAME, useValue: name },
      LifeSigns,
      ServiceEnd,
    ],
  };
}

async function openRegister(name: string, settings: ServiceSettings): Promise<Register> {
  await migrate(settings.REGISTER_DATABASE_URL);
  const register = new Register(settings.REGISTER_DATABASE_URL, { applicationName: `coldroom ${name}` });
  watchConnections(register);
  return register;
}

/** What must hold at startup and at each `/readyz`: exactly the rights that the service uses. */
function checksOf({ redis, stores, originals, holds, register, fileSystems }: Checked, rights: Rights): Checks {
  return {
    redis: () => redis.check(),
    stores: () => checkStores(stores, rights).finally(() => fileSystems.recordStores(stores)),
    originals: () => checkOriginals(originals, rights.originals),
    hold: async () => {
      await checkHolds(holds, rights.hold);
      if (rights.originals === 'write') await fileSystems.checkHolds();
    },
    register: () => register.reports.clock(),
  };
}
