import type { Provider } from '@nestjs/common';
import { BUFFER_SPACE_MS, BufferSpace, usualBufferSpaceMs } from './ageing/buffer-space';
import { UnimportedRound } from './ageing/unimported-round';
import { UnimportedRounds } from './ageing/unimported-rounds';
import { PullRound } from './pull/pull-round';
import { PullRounds } from './pull/pull-rounds';
import { Stability, WatchRound } from './watch/watch-round';
import { WatchPace, WatchRounds } from './watch/watch-rounds';

/**
 * What brings sets into buffers and orders them without a person. Needs `Imports` of @coldroom/buffers, `Register`, `Files`
 * and `Log`.
 */
export function waysIn({
  stableMs,
  watchEveryMs,
}: {
  readonly stableMs: number;
  readonly watchEveryMs: number;
}): readonly Provider[] {
  return [
    { provide: Stability, useValue: new Stability(stableMs) },
    { provide: WatchPace, useValue: new WatchPace(watchEveryMs) },
    WatchRound,
    WatchRounds,
    PullRound,
    PullRounds,
    UnimportedRound,
    UnimportedRounds,
    { provide: BUFFER_SPACE_MS, useValue: usualBufferSpaceMs },
    BufferSpace,
  ];
}
