import { codeOf } from '@coldroom/domain';
import type { StageWork } from '@coldroom/pipeline';

const checkMs = 500;

/** What ends an attempt: at once, or when the service stops, after a time in which it may end by itself. */
export interface Grace {
  readonly signal: AbortSignal;
  done(): void;
}

/** Whether work is to end because its service stops. */
export function isStopping(signal: AbortSignal): boolean {
  return signal.aborted && codeOf(signal.reason) === 'SHUTTING_DOWN';
}

/**
 * An attempt that is cut off costs the time for late images, and may leave a part in OMERO. So it goes on for `graceMs` when
 * the service stops, but never beyond its claim: after that, another worker closes its session.
 */
export function untilGrace({ signal, deadline }: Pick<StageWork, 'signal' | 'deadline'>, graceMs: number): Grace {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (!isStopping(signal)) return abort.abort(signal.reason);
    const until = process.hrtime.bigint() + BigInt(Math.round(graceMs * 1e6));
    timer = setInterval(
      () => {
        const now = process.hrtime.bigint();
        if (now >= until || now >= Atomics.load(deadline, 0)) abort.abort(signal.reason);
      },
      Math.min(checkMs, Math.max(graceMs, 1)),
    );
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return {
    signal: abort.signal,
    done: () => {
      clearInterval(timer);
      signal.removeEventListener('abort', end);
    },
  };
}
