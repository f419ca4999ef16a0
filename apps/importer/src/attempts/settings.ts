import type { SkippedStep } from '../omero/run-import';

export const ATTEMPT_SETTINGS = Symbol('how attempts are made');

export interface AttemptSettings {
  /** For keys of sessions, one file each, and logs: of the importers alone, and shared by all of them. */
  readonly stateDir: string;
  readonly sessionSeconds: number;
  /** How long after the end of a session OMERO may still finish what it began. */
  readonly lateMs: number;
  /** How long an attempt goes on when the service stops. */
  readonly graceMs: number;
  /** Before each further attempt; after the last one the order is stuck. */
  readonly pausesMs: readonly number[];
  readonly checksumAlgorithm: string;
  readonly skip: readonly SkippedStep[];
}
