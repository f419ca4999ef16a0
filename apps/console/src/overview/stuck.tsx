import type { VNode } from 'preact';
import type { Overview } from '@coldroom/operations';
import { formatBytes, formatCount } from '@coldroom/terminal';

/** Stuck files by cause, each with what helps. */
export function Stuck({ stuck }: { readonly stuck: NonNullable<Overview['stuck']> }): VNode {
  return (
    <section class="card">
      <h2>Stuck</h2>
      <p class="small muted">Nothing is lost: the originals are where they were, or held. A person has to act.</p>
      {stuck.map(({ code, files, bytes, next, commands }) => (
        <div class="cause" key={code}>
          <p>
            <span class="badge warn">
              <span aria-hidden="true">▲</span> {formatCount(files)} {files === 1 ? 'file' : 'files'},{' '}
              {formatBytes(bytes)}
            </span>{' '}
            <code>{code}</code>
          </p>
          <p class="reason">{next}</p>
          {commands.map((command) => (
            <pre class="path" key={command}>
              {command}
            </pre>
          ))}
        </div>
      ))}
    </section>
  );
}
