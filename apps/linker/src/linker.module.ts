import { serviceModule, serviceRights, type ServiceSettings } from '@coldroom/pipeline';
import type { Settings } from '@coldroom/runtime';
import type { DynamicModule } from '@nestjs/common';
import { ExpireStage } from './restore/expire.stage';
import { LinkStage } from './archive/link.stage';
import { PlaceStage } from './restore/place.stage';
import { HoldTime } from './paths/places';
import { MoveLinkStage } from './move/move-link.stage';
import { ReleaseStage } from './archive/release.stage';
import { UndoStage } from './restore/undo.stage';

export function linkerModule(settings: ServiceSettings & Settings<'hold'>): DynamicModule {
  return serviceModule('linker', settings, {
    stages: [LinkStage, UndoStage, ReleaseStage, PlaceStage, ExpireStage, MoveLinkStage],
    rights: serviceRights.linker,
    providers: [{ provide: HoldTime, useValue: new HoldTime(settings.COLDROOM_HOLD) }],
  });
}
