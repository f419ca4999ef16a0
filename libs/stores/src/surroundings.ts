import type { CrashSettings, Files } from '@coldroom/files';

/** What a store finds around it. */
export interface StoreSurroundings {
  /** Shared by all stores; whoever made it closes it. */
  readonly files: Files;
  /** Absolute directories of the roots that hold originals: no store may lie in one of them. */
  readonly omeroRoots: readonly string[];
  /** Values of environment variables that settings name for keys. */
  readonly secrets?: (name: string) => string | undefined;
  /** For the threads that a store makes for itself. */
  readonly crashPoints?: CrashSettings;
}
