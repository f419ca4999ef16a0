import { hostname } from 'node:os';
import {
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import { Files } from '@coldroom/files';
import { migrate, Register } from '@coldroom/register';
import { exitCodes, Log, Readiness, secret, type Settings } from '@coldroom/runtime';
import { openConfiguredStores, type Stores } from '@coldroom/stores';
import { HoldDirectories, holdPaths, Originals, Staging } from '@coldroom/trees';
import { STORES } from './configured-stores';
import { Queues } from './queues';
import { checkHolds, checkOriginals, checkStores, type Rights } from './rights';
import { Runner } from './runner';
import type { Stage } from './stage';
import { Workers } from './workers';

/** The parts of the settings that every service with stages reads. */
export const serviceParts = ['register', 'redis', 'originals', 'stores'] as const;
export type ServiceSettings = Settings<(typeof serviceParts)[number] | 'service'>;

export interface ServiceOptions {
  readonly stages: readonly Type<Stage>[];
  readonly providers?: readonly Provider[];
  /** What its stages do in the directories of others. */
  readonly rights: Rights;
  /** End when no bag of these stages is left. */
  readonly drain?: boolean;
}

const STAGES = Symbol('stages');
const DRAIN = Symbol('drain');
const RIGHTS = Symbol('rights');

@Module({})
class ServiceModule {}

/** Wires a service: its stages, and what they need to be delivered to, claimed, run and moved on. */
export function serviceModule(name: string, settings: ServiceSettings, options: ServiceOptions): DynamicModule {
  return {
    module: ServiceModule,
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
        inject: [Files],
        useFactory: (files: Files) =>
          openConfiguredStores(settings, {
            files,
            secrets: secret,
            crashPoints: { crashAt: settings.COLDROOM_CRASH_AT, freezeAt: settings.COLDROOM_FREEZE_AT },
          }),
      },
      {
        provide: Queues,
        inject: [Log],
        useFactory: (log: Log) => new Queues(settings.REDIS_URL, settings.COLDROOM_QUEUE_PREFIX, log),
      },
      ...options.stages,
      ...(options.providers ?? []),
      { provide: STAGES, inject: [...options.stages], useFactory: (...stages: Stage[]) => stages },
      { provide: DRAIN, useValue: options.drain ?? false },
      { provide: RIGHTS, useValue: options.rights },
      {
        provide: Runner,
        inject: [Register, Queues, Log],
        useFactory: (register: Register, queues: Queues, log: Log) =>
          new Runner(register, (bags) => queues.offer(bags), log, {
            worker: `${name}@${hostname()}/${process.pid}`,
            leaseMs: settings.COLDROOM_LEASE,
            attempts: settings.COLDROOM_ATTEMPTS,
            retryPauseMs: settings.COLDROOM_RETRY_PAUSE,
            waitLimitMs: settings.COLDROOM_WAIT_LIMIT,
            errorLimit: settings.COLDROOM_ERROR_LIMIT,
          }),
      },
      {
        provide: Workers,
        inject: [STAGES, Register, Queues, Runner, Log],
        useFactory: (stages: Stage[], register: Register, queues: Queues, runner: Runner, log: Log) =>
          new Workers(stages, register, queues, runner, log, {
            concurrency: settings.COLDROOM_CONCURRENCY,
            leaseMs: settings.COLDROOM_LEASE,
            sweepMs: settings.COLDROOM_SWEEP_EVERY,
          }),
      },
      ServiceLife,
    ],
  };
}

async function openRegister(name: string, settings: ServiceSettings): Promise<Register> {
  await migrate(settings.REGISTER_DATABASE_URL);
  return new Register(settings.REGISTER_DATABASE_URL, { applicationName: `coldroom ${name}` });
}

/** Checks, then works; on the way out workers end first, then queues, then connections. */
@Injectable()
class ServiceLife implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly workers: Workers,
    private readonly queues: Queues,
    private readonly register: Register,
    private readonly files: Files,
    @Inject(STORES) private readonly stores: Stores,
    private readonly originals: Originals,
    private readonly readiness: Readiness,
    private readonly log: Log,
    @Inject(DRAIN) private readonly drain: boolean,
    @Inject(HoldDirectories) private readonly holds: HoldDirectories,
    @Inject(RIGHTS) private readonly rights: Rights,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queues.check();
    await checkStores(this.stores, this.rights);
    await checkOriginals(this.originals, this.rights.originals);
    await checkHolds(this.holds, this.rights.hold);
    this.readiness.add('redis', () => this.queues.check());
    this.readiness.add('register', () => this.register.reports.clock());
    this.readiness.add('stores', () => checkStores(this.stores, this.rights));
    this.readiness.add('originals', () => checkOriginals(this.originals, this.rights.originals));
    this.readiness.add('hold', () => checkHolds(this.holds, this.rights.hold));
    this.workers.start();
    if (this.drain) void this.endWhenDrained();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.workers.end();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queues.close();
    await this.stores.close();
    await this.files.close();
    await this.register.close();
  }

  private async endWhenDrained(): Promise<void> {
    const failed = await this.workers.drained().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (failed) this.log.error('drain failed', failed);
    else this.log.info('drained');
    await this.beforeApplicationShutdown();
    await this.onApplicationShutdown();
    process.exit(failed ? exitCodes.failed : exitCodes.ok);
  }
}
