import { Module, type DynamicModule } from '@nestjs/common';
import { Imports } from '@coldroom/buffers';
import { Files } from '@coldroom/files';
import { OmeroDatabase, PolicyDatabase } from '@coldroom/omero';
import { STORES, watchConnections } from '@coldroom/pipeline';
import { Originals } from '@coldroom/trees';
import { migrate, Register } from '@coldroom/register';
import { secret, type Settings } from '@coldroom/runtime';
import { openConfiguredStores } from '@coldroom/stores';
import { BIO_FORMATS_PLACES, ServersBioFormats } from './bio-formats';
import { Closures } from './closures';
import { ContainerAnswers } from './container-answers';
import { ImageAnswers } from './image-answers';
import { ImportAnnotations } from './import-annotations';
import { ImportAnswers } from './import-answers';
import { IMPORTS, ImportMarks } from './import-marks';
import { KeptMarks } from './kept-marks';
import { LinkTroubles } from './link-troubles';
import { Mirror } from './mirror';
import { POLICIES_FILE, PolicyRounds } from './policies/policy-rounds';
import { PeopleMirror } from './people-mirror';
import { RetrievalMarks } from './retrieval-marks';
import { RegisterMetrics } from './register-metrics';
import { Round } from './round';
import { Pace, Rounds } from './rounds';
import { Scan } from './scan';
import { ScannerEnd, ScannerStart } from './scanner-life';
import { Scans } from './scans';
import { UsageDetails } from './usage-details';
import { UsageRecord } from './usage-record';
import { StoreNames } from './store-names';
import { Starter } from './starter';
import { WithdrawalMarks } from './withdrawal-marks';

export const scannerParts = [
  'register',
  'omero',
  'originals',
  'stores',
  'scan',
  'importsIfAny',
  'policiesIfAny',
] as const;

@Module({})
class ScannerModule {}

export function scannerModule(settings: Settings<(typeof scannerParts)[number] | 'service'>): DynamicModule {
  return {
    module: ScannerModule,
    providers: [
      {
        provide: Register,
        useFactory: async () => {
          await migrate(settings.REGISTER_DATABASE_URL);
          const register = new Register(settings.REGISTER_DATABASE_URL, { applicationName: 'coldroom scanner' });
          watchConnections(register);
          return register;
        },
      },
      {
        provide: OmeroDatabase,
        useValue: OmeroDatabase.connect(settings.OMERO_DATABASE_URL, {
          managedRepository: settings.OMERO_MANAGED_REPOSITORY,
        }),
      },
      { provide: Files, useFactory: () => new Files({ threads: 1 }) },
      { provide: Originals, useValue: new Originals(settings.OMERO_DATA_DIR) },
      {
        provide: STORES,
        inject: [Files, Register],
        useFactory: (files: Files, { storeMarkers }: Register) =>
          openConfiguredStores(settings, { files, secrets: secret, markers: storeMarkers }),
      },
      {
        provide: Pace,
        useValue: new Pace(settings.COLDROOM_SCAN_EVERY, Math.min(2000, settings.COLDROOM_SWEEP_EVERY)),
      },
      {
        provide: BIO_FORMATS_PLACES,
        useValue: { setting: settings.OMERO_BIOFORMATS_VERSION, dataDir: settings.OMERO_DATA_DIR },
      },
      {
        provide: IMPORTS,
        useFactory: () =>
          settings.COLDROOM_IMPORTS === undefined
            ? null
            : Imports.read(settings.COLDROOM_IMPORTS, settings.OMERO_DATA_DIR),
      },
      { provide: POLICIES_FILE, useValue: settings.COLDROOM_POLICIES ?? null },
      {
        provide: PolicyDatabase,
        useFactory: () => {
          const url = settings.POLICIES_OMERO_DATABASE_URL;
          return url === undefined ? null : PolicyDatabase.connect(url);
        },
      },
      PolicyRounds,
      ServersBioFormats,
      LinkTroubles,
      StoreNames,
      Closures,
      Scan,
      Scans,
      KeptMarks,
      WithdrawalMarks,
      RetrievalMarks,
      PeopleMirror,
      UsageRecord,
      UsageDetails,
      Starter,
      Mirror,
      ImportMarks,
      ImportAnswers,
      ImportAnnotations,
      RegisterMetrics,
      Round,
      Rounds,
      ContainerAnswers,
      ImageAnswers,
      ScannerStart,
      ScannerEnd,
    ],
  };
}
