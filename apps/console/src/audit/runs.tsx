import type { VNode } from 'preact';
import type { AuditRun } from '@coldroom/register';
import { counted, formatDuration } from '@coldroom/terminal';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';

const columns = [{ title: 'Run' }, { title: 'Result' }, { title: 'Looked at' }, { title: 'Took', number: true }];

export function Runs({ runs }: { readonly runs: readonly AuditRun[] }): VNode {
  return (
    <section class="card">
      <h2>Audits</h2>
      {runs.length === 0 ? (
        <>
          <p>
            No audit has been run yet. It compares OMERO's database and files, the register and the stores, and changes
            nothing. Run it as the owner of the files, for example each night from cron:
          </p>
          <pre>coldroom audit</pre>
        </>
      ) : (
        <Rows
          label="Audits"
          columns={columns}
          rows={runs.map((run) => ({
            key: String(run.id),
            cells: [<Origin run={run} />, <Result run={run} />, lookedAt(run), took(run)],
          }))}
        />
      )}
    </section>
  );
}

function Origin({ run: { startedAt, startedBy, store, fix } }: { readonly run: AuditRun }): VNode {
  return (
    <>
      <When at={startedAt} />{' '}
      <span class="muted">
        by {startedBy}, {store === null ? 'everything' : `store ${store}`}
        {fix && ', with --fix'}
      </span>
    </>
  );
}

function Result({ run }: { readonly run: AuditRun }): VNode {
  const { findings, notLooked } = run;
  return (
    <>
      <Judgement run={run} />
      {run.failed !== null && <span class="block">{run.failed}</span>}
      {findings.map(({ code, total, repaired }) => (
        <span class="block">
          {counted(total, 'finding')} of <span class="code">{code}</span>
          {repaired > 0 && `, ${repaired} repaired`}
        </span>
      ))}
      {notLooked.map(({ part, reason, things }) => (
        <span class="block muted">
          not examined: {things === null ? part : `${counted(things, 'item')} of ${part}`} ({reason})
        </span>
      ))}
    </>
  );
}

function Judgement({ run: { finishedAt, failed, findings, notLooked } }: { readonly run: AuditRun }): VNode {
  const [shape, colour, words] = ((): readonly [string, string, string] => {
    if (finishedAt === null) return ['▶', 'info', 'Running or interrupted'];
    if (failed !== null) return ['▲', 'bad', 'Failed'];
    if (findings.some(({ total, repaired }) => total > repaired)) return ['▲', 'warn', 'Findings'];
    return notLooked.length > 0 ? ['▲', 'warn', 'Incomplete'] : ['✓', 'good', 'Nothing wrong'];
  })();
  return (
    <Badge shape={shape} colour={colour}>
      {words}
    </Badge>
  );
}

const nouns = { files: 'file', images: 'image', bags: 'bag' } as const;

function lookedAt({ looked }: AuditRun): string {
  return Object.entries(nouns)
    .map(([key, noun]) => counted(looked[key] ?? 0, noun))
    .join(', ');
}

function took({ startedAt, finishedAt }: AuditRun): string {
  return finishedAt === null ? '' : formatDuration(finishedAt.getTime() - startedAt.getTime());
}
