import { Files } from '@coldroom/files';
import { openConfiguredStores, serviceModule, serviceRights, type ServiceSettings } from '@coldroom/pipeline';
import { Originals } from '@coldroom/trees';
import { Register } from '@coldroom/register';
import { Log, type Settings } from '@coldroom/runtime';
import type { DynamicModule } from '@nestjs/common';
import { RollingFixity, type FixityOptions } from './fixity';
import { MoveVerifyStage } from './move-verify.stage';
import { HashStage } from './hash.stage';
import { VerifyStage } from './verify.stage';
import { VerifyFetchedStage } from './verify-fetched.stage';

export function checksumModule(settings: ServiceSettings & Settings<'fixity'>): DynamicModule {
  return serviceModule('checksum', settings, {
    stages: [HashStage, VerifyStage, VerifyFetchedStage, MoveVerifyStage],
    rights: serviceRights.checksum,
    providers: [
      {
        provide: RollingFixity,
        inject: [Register, Log, Originals],
        useFactory: (register: Register, log: Log, originals: Originals) =>
          new RollingFixity(register, log, fixityOptions(settings, originals)),
      },
    ],
  });
}

function fixityOptions(
  {
    COLDROOM_FIXITY_EVERY: everyMs,
    COLDROOM_FIXITY_STORES: stores,
    COLDROOM_STORES: path,
  }: ServiceSettings & Settings<'fixity'>,
  originals: Originals,
): FixityOptions {
  return {
    everyMs,
    stores,
    open: async () => {
      const files = new Files({ threads: 1 });
      const opened = await openConfiguredStores(path, files, originals).catch(async (error: unknown) => {
        await files.close();
        throw error;
      });
      return {
        stores: opened,
        close: async () => {
          await opened.close();
          await files.close();
        },
      };
    },
  };
}
