import type { ImportState } from '@coldroom/domain';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportClaim } from '@coldroom/register';

/**
 * One kind of work on an import order. It does one step and records it itself, by `register.imports` and under the claim;
 * it may be run again after a crash at any line. What it throws decides what happens next: `Refused`, and the order is
 * stuck; `Transient`, and it is tried again with growing pauses; `NotYet`, and it is offered again later
 * (`details.delayMs`).
 */
export interface ImportStage {
  readonly name: string;
  /** The states of the orders on which it acts; no two stages have the same. */
  readonly takes: readonly ImportState[];
  run(claim: ImportClaim, work: StageWork): Promise<void>;
}
