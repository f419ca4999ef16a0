import type { VNode } from 'preact';
import type { StoreHealth } from '@coldroom/register';
import { formatBytes } from '@coldroom/terminal';

interface Props {
  readonly health: StoreHealth;
  readonly isFillingUp: boolean;
}

const width = 1000;

/** How full the file system of the store's directory is, as a bar and in words. */
export function Space({ health, isFillingUp }: Props): VNode | null {
  const { directory, freeBytes, totalBytes, fault, kind } = health;
  if (directory === null || freeBytes === null || totalBytes === null)
    return fault === null ? <p class="muted">{unknown(kind)}</p> : null;
  const used = totalBytes === 0n ? 0 : 1 - Number(freeBytes) / Number(totalBytes);
  const words = `${Math.round(used * 100)} % full: ${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)}`;
  return (
    <div>
      <svg class="bar-of-steps" viewBox={`0 0 ${width} 16`} preserveAspectRatio="none" role="img" aria-label={words}>
        <rect class="step" width={width} height="16" />
        <rect class={isFillingUp ? 'step full' : 'step used'} width={Math.round(width * used)} height="16" />
      </svg>
      <p>
        {words}{' '}
        <span class="muted">
          in {directory}
          {kind === 's3' && ', where recalled copies are placed'}
        </span>
      </p>
    </div>
  );
}

function unknown(kind: string): string {
  return kind === 'copies' ? 'For free space, see its member stores.' : 'The free space is not known.';
}
