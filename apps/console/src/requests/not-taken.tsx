import type { ComponentChildren, VNode } from 'preact';
import type { Review, WithExamples } from '@coldroom/operations';
import { counted, formatBytes, formatCount } from '@coldroom/terminal';
import { Badge } from '../layout/parts';

/** Files that stay where they are, grouped by the cause. */
export function NotTaken({ review: { skipped } }: { readonly review: Review }): VNode | null {
  if (skipped.length === 0) return null;
  const files = skipped.reduce((sum, each) => sum + each.files, 0);
  return (
    <section class="card">
      <h2>What is not taken</h2>
      <p>
        {counted(files, 'file')} {files === 1 ? 'stays' : 'stay'} as {files === 1 ? 'it is' : 'they are'}, whatever is
        decided.
      </p>
      <ul class="causes">
        {skipped.map((found) => (
          <Cause found={found} />
        ))}
      </ul>
    </section>
  );
}

/** Files that an administrator has to look at, with the remedy; the commands only for those who may use them. */
export function Stuck({ review: { stuck, permitted } }: { readonly review: Review }): VNode | null {
  if (stuck.length === 0) return null;
  const mayAct = permitted.includes('retry');
  return (
    <section class="card">
      <h2>What cannot go on</h2>
      <ul class="causes">
        {stuck.map((found) => (
          <Cause found={found}>
            <p class="small">
              <strong>What to do:</strong> {found.next}
            </p>
            {mayAct && <pre class="path">{found.commands.join('\n')}</pre>}
          </Cause>
        ))}
      </ul>
    </section>
  );
}

function Cause({ found, children }: { readonly found: WithExamples; readonly children?: ComponentChildren }): VNode {
  const { code, files, bytes, examples } = found;
  const more = files - examples.length;
  return (
    <li>
      <p class="row">
        <Badge shape="▲" colour="warn">
          {counted(files, 'file')}, {formatBytes(bytes)}
        </Badge>
        <span class="code">{code}</span>
      </p>
      <p class="reason">{examples[0]?.reason ?? code}</p>
      <ul class="plain path muted">
        {examples.map(({ path }) => (
          <li>{path}</li>
        ))}
      </ul>
      {more > 0 && <p class="small muted">and {formatCount(more)} more</p>}
      {children}
    </li>
  );
}
