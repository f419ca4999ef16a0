import { serviceModule, type ServiceSettings } from '@coldroom/pipeline';
import type { DynamicModule } from '@nestjs/common';
import { WatchIngest } from './ingest.stage';
import { BringNear } from './near.stage';
import { SettleBag } from './settle.stage';

export function ingestWatcherModule(settings: ServiceSettings): DynamicModule {
  return serviceModule('ingest-watcher', settings, { stages: [WatchIngest, BringNear, SettleBag], writesStores: true });
}
