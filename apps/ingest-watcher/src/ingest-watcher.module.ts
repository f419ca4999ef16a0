import type { DynamicModule } from '@nestjs/common';
import { serviceModule, serviceRights, type ServiceSettings } from '@coldroom/pipeline';
import { describeStores, readStores, spaceOf, type StoreSpace } from '@coldroom/stores';
import { BringOnlineStage } from './bring-online.stage';
import { MoveSealStage } from './move-seal.stage';
import { SealStage } from './seal.stage';
import { STORE_WATCH, StoreWatch, type StoreWatchOptions } from './store-watch';

export function ingestWatcherModule(settings: ServiceSettings): DynamicModule {
  return serviceModule('ingest-watcher', settings, {
    stages: [SealStage, BringOnlineStage, MoveSealStage],
    rights: serviceRights['ingest-watcher'],
    providers: [
      {
        provide: STORE_WATCH,
        useFactory: async (): Promise<StoreWatchOptions> => {
          const configured = await readStores(settings.COLDROOM_STORES);
          return {
            described: describeStores(configured),
            freePercent: settings.COLDROOM_STORE_FREE,
            spaceOf: async (name): Promise<readonly StoreSpace[]> => {
              const store = configured.stores[name];
              return store === undefined ? [] : spaceOf(name, store);
            },
          };
        },
      },
      StoreWatch,
    ],
  });
}
