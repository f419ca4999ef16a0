import type { CrashSettings, KnownMarkers } from '@coldroom/domain';
import type { Files } from '@coldroom/files';

/** The environment of a store. */
export interface StoreSurroundings {
  /** Shared by all stores; its creator closes it. */
  readonly files: Files;
  /** Absolute directories of the roots that hold originals: no store may be inside one of them. */
  readonly omeroRoots: readonly string[];
  /** Values of environment variables that settings name for keys. */
  readonly secrets?: (name: string) => string | undefined;
  /** What is known of markers in buckets; without it a bucket's marker is neither compared nor written. */
  readonly markers?: KnownMarkers;
  /** Stores of kind `copies` that a store is a part of. */
  readonly partOf?: readonly string[];
  /** For the threads that a store creates for itself. */
  readonly crashPoints?: CrashSettings;
}
