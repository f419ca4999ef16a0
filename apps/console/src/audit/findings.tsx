import type { VNode } from 'preact';
import type { AuditReview } from '@coldroom/operations';
import { formatCount } from '@coldroom/terminal';
import { Badge, When } from '../layout/parts';

/** What is still wrong, each with what helps. */
export function Findings({ findings }: { readonly findings: AuditReview['findings'] }): VNode {
  return (
    <section class="card">
      <h2>Findings</h2>
      <p class="small muted">A finding ends when an audit of everything no longer has it.</p>
      {findings.map(({ code, title, total, since, advice, command, examples }) => (
        <div class="cause" key={code}>
          <p>
            <Badge shape="▲" colour="warn">
              {formatCount(total)}
            </Badge>{' '}
            <strong>{title}</strong> <code>{code}</code>{' '}
            <span class="muted">
              found <When at={since} />
            </span>
          </p>
          <p>{advice}</p>
          {command !== null && <pre class="path">{command}</pre>}
          <details>
            <summary>Examples</summary>
            <ul class="stack-small">
              {examples.map(({ object, path, found, remedy }) => (
                <li>
                  <span class="path">{path === undefined ? object : `${object} ${path}`}</span>: {found}.{' '}
                  <span class="muted">{remedy}</span>
                </li>
              ))}
            </ul>
          </details>
        </div>
      ))}
      <p class="small muted">To list all of them, run an audit:</p>
      <pre class="path">coldroom audit --limit 1000</pre>
    </section>
  );
}
