import { serviceModule, type ServiceSettings } from '@coldroom/pipeline';
import type { Settings } from '@coldroom/runtime';
import type { DynamicModule } from '@nestjs/common';
import { ExpireStage } from './expire.stage';
import { LinkStage } from './link.stage';
import { PlaceStage } from './place.stage';
import { HoldTime } from './places';
import { MoveLinkStage } from './move-link.stage';
import { ReleaseStage } from './release.stage';
import { UndoStage } from './undo.stage';

export function linkerModule(settings: ServiceSettings & Settings<'hold'>): DynamicModule {
  return serviceModule('linker', settings, {
    stages: [LinkStage, UndoStage, ReleaseStage, PlaceStage, ExpireStage, MoveLinkStage],
    providers: [{ provide: HoldTime, useValue: new HoldTime(settings.COLDROOM_HOLD) }],
  });
}
