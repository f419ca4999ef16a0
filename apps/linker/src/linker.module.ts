import { serviceModule, type ServiceSettings } from '@coldroom/pipeline';
import type { Settings } from '@coldroom/runtime';
import type { DynamicModule } from '@nestjs/common';
import { ExpireRecalled } from './expire.stage';
import { LinkOriginals } from './link.stage';
import { PlaceFetched } from './place.stage';
import { HoldTime } from './places';
import { RelinkBag } from './relink.stage';
import { ReleaseHeld } from './release.stage';
import { UndoLinks } from './undo.stage';

export function linkerModule(settings: ServiceSettings & Settings<'hold'>): DynamicModule {
  return serviceModule('linker', settings, {
    stages: [LinkOriginals, UndoLinks, ReleaseHeld, PlaceFetched, ExpireRecalled, RelinkBag],
    providers: [{ provide: HoldTime, useValue: new HoldTime(settings.COLDROOM_HOLD) }],
  });
}
