import { codeOf } from '@coldroom/domain';
import { readingFailed, storeFailed, EndOfBatch, failureOf } from '../failures';
import { bytesOf, type WireOutcome } from '../wire';
import type { WirePlace } from './two-ends';

/** Full, read-only and failing disks end the batch. */
export function outcomeOf<T>(pair: { readonly from: WirePlace; readonly to: WirePlace }, act: () => T): WireOutcome<T> {
  try {
    return { ok: act() };
  } catch (error) {
    const failed = ['EACCES', 'EPERM'].includes(codeOf(error)) ? null : storeFailed(error, pair.to.root);
    if (failed) throw new EndOfBatch(failed);
    return { failed: failureOf(readingFailed(error, bytesOf(pair.from.path))) };
  }
}
