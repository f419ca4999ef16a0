import { serviceModule, serviceRights, type ServiceSettings } from '@coldroom/pipeline';
import type { DynamicModule } from '@nestjs/common';
import { CopyStage } from './copy.stage';
import { FetchStage } from './fetch.stage';
import { MoveCopyStage } from './move-copy.stage';

export function transferModule(settings: ServiceSettings): DynamicModule {
  return serviceModule('transfer', settings, {
    stages: [CopyStage, FetchStage, MoveCopyStage],
    rights: serviceRights.transfer,
  });
}
