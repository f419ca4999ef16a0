import { serviceModule, serviceRights, type ServiceSettings } from '@coldroom/pipeline';
import type { DynamicModule } from '@nestjs/common';
import { SealStage } from './seal.stage';
import { BringOnlineStage } from './bring-online.stage';
import { MoveSealStage } from './move-seal.stage';

export function ingestWatcherModule(settings: ServiceSettings): DynamicModule {
  return serviceModule('ingest-watcher', settings, {
    stages: [SealStage, BringOnlineStage, MoveSealStage],
    rights: serviceRights['ingest-watcher'],
  });
}
