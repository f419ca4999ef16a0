import type { VNode } from 'preact';
import type { Overview } from '@coldroom/operations';
import { Csrf, type Frame } from '../layout/html';
import { When } from '../layout/parts';

interface Props extends Frame {
  readonly overview: Overview;
}

/** What is stopped, and for administrators the guarded Stop and Resume. */
export function Switches({ site, visitor, overview: { stopped, permitted } }: Props): VNode | null {
  if (!visitor || stopped === null) return null;
  if (stopped.length === 0 && !permitted.includes('stop')) return null;
  const isAllStopped = stopped.some(({ name }) => name === 'all');
  return (
    <section class="card">
      <h2>{stopped.length > 0 ? 'Stopped' : 'Stop'}</h2>
      {stopped.map(({ name, reason, changedBy, changedAt }) => (
        <p key={name}>
          <strong>{name === 'all' ? 'Everything' : name}</strong> was stopped by {changedBy ?? 'the error limit'}{' '}
          <When at={changedAt} />
          {reason === null ? '' : `: ${reason}`}
        </p>
      ))}
      {permitted.includes('resume') && stopped.length > 0 && (
        <form method="post" action={site.href('/resume')}>
          <Csrf visitor={visitor} />
          <input type="hidden" name="changedAt" value={newestOf(stopped).toISOString()} />
          <button type="submit">Resume</button>
        </form>
      )}
      {permitted.includes('stop') && !isAllStopped && (
        <details>
          <summary>Stop everything…</summary>
          <form method="post" action={site.href('/stop')}>
            <Csrf visitor={visitor} />
            <p>
              Not one more original is replaced until someone resumes. What is being copied is finished. Nothing is
              undone.
            </p>
            <label for="reason">Why</label>
            <input id="reason" name="reason" type="text" maxLength={500} required />
            <button class="danger" type="submit">
              Stop everything now
            </button>
          </form>
        </details>
      )}
    </section>
  );
}

/** A stop that someone makes after this page was sent is not lifted by it. */
function newestOf(stopped: NonNullable<Overview['stopped']>): Date {
  return new Date(Math.max(...stopped.map(({ changedAt }) => changedAt.getTime())));
}
