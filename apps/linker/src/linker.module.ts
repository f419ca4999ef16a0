import { join } from 'node:path';
import { serviceModule, type ServiceSettings } from '@coldroom/pipeline';
import type { Settings } from '@coldroom/runtime';
import type { DynamicModule } from '@nestjs/common';
import { LinkOriginals } from './link.stage';
import { HoldDirectories, HoldTime } from './places';
import { ReleaseHeld } from './release.stage';
import { UndoLinks } from './undo.stage';

export function linkerModule(settings: ServiceSettings & Settings<'hold'>): DynamicModule {
  const holds = settings.COLDROOM_HOLD_DIRS ?? [join(settings.OMERO_DATA_DIR, '.coldroom', 'hold')];
  return serviceModule('linker', settings, {
    stages: [LinkOriginals, UndoLinks, ReleaseHeld],
    providers: [
      { provide: HoldDirectories, useValue: new HoldDirectories(holds) },
      { provide: HoldTime, useValue: new HoldTime(settings.COLDROOM_HOLD) },
    ],
  });
}
