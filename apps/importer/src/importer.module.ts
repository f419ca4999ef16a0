import { hostname } from 'node:os';
import { getQueueToken } from '@nestjs/bullmq';
import { Module, type DynamicModule, type FactoryProvider, type Provider } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Imports } from '@coldroom/buffers';
import { Files } from '@coldroom/files';
import { ImportDatabase } from '@coldroom/omero';
import { LifeSigns, queueModules, RedisConnection, SERVICE_NAME } from '@coldroom/pipeline';
import { migrate, Register } from '@coldroom/register';
import { Log, processEnvironment, type Settings } from '@coldroom/runtime';
import { Originals } from '@coldroom/trees';
import { AttemptRun } from './attempts/attempt-run';
import { AttemptStage } from './attempts/attempt.stage';
import { ListStage } from './attempts/list.stage';
import { SessionKeys } from './attempts/session-keys';
import { ATTEMPT_SETTINGS, type AttemptSettings } from './attempts/settings';
import { InPlaceRound, LookAgain } from './in-place/in-place-round';
import { InPlaceRounds } from './in-place/in-place-rounds';
import { ImporterEnd, ImporterStart } from './importer-life';
import { listDepth } from './omero/list';
import { OMERO_SETTINGS, type OmeroSettings } from './omero/omero-command';
import type { SkippedStep } from './omero/run-import';
import { OmeroSessions } from './omero/sessions';
import { Previews } from './previews';
import { LOOK_IN_OMERO, type LookInOmero } from './source/in-omero';
import { OmeroCopies } from './proof/omero-copies';
import { VerifyStage } from './proof/verify.stage';
import { DigestStage } from './source/digest.stage';
import { EmptyStage } from './source/empty.stage';
import { LockStage } from './source/lock.stage';
import { SOURCE_OPTIONS, type SourceOptions } from './source/options';
import { SourcePlaces } from './source/places';
import { ReleaseStage } from './source/release.stage';
import { SettleStage } from './source/settle.stage';
import { SyncStage } from './source/sync.stage';
import { UnlockStage } from './source/unlock.stage';
import type { ImportStage } from './stage';
import { waysIn } from './ways-in';
import { LeftoverRounds } from './state/leftover-rounds';
import { Leftovers } from './state/leftovers';
import { WorkDirectory } from './state/work-directory';
import { ImportQueue, importQueue } from './work/import-queue';
import { importProcessor } from './work/import.processor';
import { ImportSweep, SWEEP_MS } from './work/import-sweep';
import { ImportRunner } from './work/runner';

export const importerParts = ['register', 'redis', 'originals', 'imports', 'importWatch', 'importer'] as const;
export type ImporterSettings = Settings<(typeof importerParts)[number] | 'service'>;

const stages = [
  SettleStage,
  LockStage,
  ListStage,
  DigestStage,
  SyncStage,
  AttemptStage,
  VerifyStage,
  UnlockStage,
  EmptyStage,
  ReleaseStage,
];

const endOfAttemptMs = 10_000;

@Module({})
class ImporterModule {}

export function importerModule(settings: ImporterSettings): DynamicModule {
  const { redis, queues } = queueModules({ url: settings.REDIS_URL, prefix: settings.COLDROOM_QUEUE_PREFIX }, [
    importQueue,
  ]);
  return {
    module: ImporterModule,
    imports: [redis, ...queues],
    providers: [
      {
        provide: Register,
        useFactory: async () => {
          await migrate(settings.REGISTER_DATABASE_URL);
          return new Register(settings.REGISTER_DATABASE_URL, { applicationName: 'coldroom importer' });
        },
      },
      {
        provide: Files,
        useFactory: () =>
          new Files({
            threads: settings.COLDROOM_CONCURRENCY,
            crashAt: settings.COLDROOM_CRASH_AT,
            freezeAt: settings.COLDROOM_FREEZE_AT,
          }),
      },
      { provide: Imports, useFactory: async () => Imports.read(settings.COLDROOM_IMPORTS, settings.OMERO_DATA_DIR) },
      { provide: Originals, useValue: new Originals(settings.OMERO_DATA_DIR) },
      { provide: SourcePlaces, inject: [Imports], useFactory: (imports: Imports) => new SourcePlaces(imports) },
      ...omeroParts(settings),
      ...sourceParts(settings),
      ...stages,
      ...workParts(settings),
      ...waysIn({
        stableMs: settings.COLDROOM_IMPORT_STABLE,
        watchEveryMs: settings.COLDROOM_IMPORT_WATCH_EVERY,
      }),
      { provide: LookAgain, useValue: new LookAgain(settings.COLDROOM_IMPORT_LOOK_AGAIN) },
      InPlaceRound,
      InPlaceRounds,
      ImporterStart,
      { provide: SERVICE_NAME, useValue: 'importer' },
      LifeSigns,
      ImporterEnd,
    ],
  };
}

function omeroParts(settings: ImporterSettings): readonly Provider[] {
  const work = new WorkDirectory(settings.IMPORT_STATE_DIR);
  const omero: OmeroSettings = {
    command: settings.IMPORT_OMERO_COMMAND,
    path: processEnvironment()['PATH'] ?? '/usr/bin:/bin',
    workDir: work.path,
    host: settings.IMPORT_OMERO_HOST,
    port: settings.IMPORT_OMERO_PORT,
    clientDir: settings.IMPORT_OMERO_CLIENT_DIR,
    silenceMs: settings.IMPORT_SILENCE,
    limits: { nice: settings.IMPORT_NICE, io: settings.IMPORT_IO, javaMegabytes: settings.IMPORT_JAVA_MEMORY },
  };
  const attempts: AttemptSettings = {
    stateDir: settings.IMPORT_STATE_DIR,
    sessionSeconds: Math.round(settings.IMPORT_SESSION / 1000),
    lateMs: settings.IMPORT_LATE_IMAGES,
    // The rest is for ending it, closing its session and recording both.
    graceMs: Math.max(0, settings.COLDROOM_STOP_GRACE - endOfAttemptMs),
    pausesMs: settings.IMPORT_RETRY_PAUSES,
    checksumAlgorithm: settings.IMPORT_CHECKSUM_ALGORITHM,
    skip: settings.IMPORT_SKIP as readonly SkippedStep[],
  };
  const account = { name: settings.IMPORT_OMERO_USER, password: settings.IMPORT_OMERO_PASSWORD };
  return [
    { provide: OMERO_SETTINGS, useValue: omero },
    { provide: ATTEMPT_SETTINGS, useValue: attempts },
    { provide: ImportDatabase, useValue: ImportDatabase.connect(settings.IMPORT_OMERO_DATABASE_URL) },
    { provide: OmeroSessions, useValue: new OmeroSessions(omero, account) },
    { provide: SessionKeys, useValue: new SessionKeys(settings.IMPORT_STATE_DIR) },
    { provide: WorkDirectory, useValue: work },
    {
      provide: Leftovers,
      inject: [Register],
      useFactory: (register: Register) =>
        new Leftovers(register, work, {
          stateDir: settings.IMPORT_STATE_DIR,
          sessionMs: settings.IMPORT_SESSION,
          logsMs: settings.IMPORT_KEEP_LOGS,
        }),
    },
    LeftoverRounds,
    OmeroCopies,
    AttemptRun,
    {
      provide: Previews,
      inject: [Register, Imports, Log],
      useFactory: (register: Register, imports: Imports, log: Log) =>
        new Previews(register, imports, { omero, depth: listDepth, worker: workerName() }, log),
    },
  ];
}

function sourceParts(settings: ImporterSettings): readonly Provider[] {
  return [
    {
      provide: SOURCE_OPTIONS,
      inject: [Register],
      useFactory: (register: Register): SourceOptions => ({
        stableMs: settings.COLDROOM_IMPORT_STABLE,
        // As linking: sources are removed only while nothing at all is stopped.
        removalStopped: async () => (await register.switches.list()).some(({ stopped }) => stopped),
      }),
    },
    {
      provide: LOOK_IN_OMERO,
      inject: [OmeroCopies],
      useFactory:
        (copies: OmeroCopies): LookInOmero =>
        (order, file, work) =>
          copies.look(order, file, work),
    },
  ];
}

function workParts(settings: ImporterSettings): readonly Provider[] {
  const runner: FactoryProvider<ImportRunner> = {
    provide: ImportRunner,
    inject: [Register, Log, ...stages],
    useFactory: (register: Register, log: Log, ...made: ImportStage[]) =>
      new ImportRunner(register, made, log, {
        worker: workerName(),
        leaseMs: settings.COLDROOM_LEASE,
        attempts: settings.COLDROOM_ATTEMPTS,
        retryPauseMs: settings.COLDROOM_RETRY_PAUSE,
        errorLimit: settings.COLDROOM_ERROR_LIMIT,
      }),
  };
  return [
    runner,
    {
      provide: ImportQueue,
      inject: [RedisConnection, getQueueToken(importQueue), Log],
      useFactory: (redis: RedisConnection, queue: Queue, log: Log) => new ImportQueue(redis, queue, log),
    },
    { provide: SWEEP_MS, useValue: settings.COLDROOM_SWEEP_EVERY },
    importProcessor(settings.COLDROOM_LEASE, settings.COLDROOM_CONCURRENCY),
    ImportSweep,
  ];
}

const workerName = (): string => `importer@${hostname()}/${process.pid}`;
