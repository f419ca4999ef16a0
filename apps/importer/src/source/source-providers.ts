import type { Provider } from '@nestjs/common';
import { Imports } from '@coldroom/buffers';
import { DigestStage } from './digest.stage';
import { EmptyStage } from './empty.stage';
import { LockStage } from './lock.stage';
import { SOURCE_OPTIONS, type SourceOptions } from './options';
import { SourcePlaces } from './places';
import { ReleaseStage } from './release.stage';
import { SettleStage } from './settle.stage';
import { SyncStage } from './sync.stage';
import { UnlockStage } from './unlock.stage';

/** The stages that work on the sources of orders. They need `Files`, `Register`, `Imports` and `LOOK_IN_OMERO` beside. */
export const sourceStages = [
  SettleStage,
  LockStage,
  DigestStage,
  SyncStage,
  UnlockStage,
  ReleaseStage,
  EmptyStage,
] as const;

export function sourceProviders(options: SourceOptions): readonly Provider[] {
  return [
    ...sourceStages,
    { provide: SOURCE_OPTIONS, useValue: options },
    { provide: SourcePlaces, inject: [Imports], useFactory: (imports: Imports) => new SourcePlaces(imports) },
  ];
}
