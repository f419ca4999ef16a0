export const SOURCE_OPTIONS = Symbol('how sources are treated');

export interface SourceOptions {
  /** How long nothing in a source must have changed. */
  readonly stableMs: number;
  /** Whether the removal of sources is stopped now. */
  readonly removalStopped: () => Promise<boolean>;
}
