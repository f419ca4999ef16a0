import { Files } from '@coldroom/files';
import { serviceModule, serviceRights, type ServiceSettings } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log, secret, type Settings } from '@coldroom/runtime';
import { openConfiguredStores } from '@coldroom/stores';
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
        inject: [Register, Log],
        useFactory: (register: Register, log: Log) =>
          new RollingFixity(register, log, fixityOptions(settings, register)),
      },
    ],
  });
}

function fixityOptions(settings: ServiceSettings & Settings<'fixity'>, { storeMarkers }: Register): FixityOptions {
  return {
    everyMs: settings.COLDROOM_FIXITY_EVERY,
    stores: settings.COLDROOM_FIXITY_STORES,
    open: async () => {
      const files = new Files({ threads: 1 });
      const given = { files, secrets: secret, markers: storeMarkers };
      const opened = await openConfiguredStores(settings, given).catch(async (error: unknown) => {
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
