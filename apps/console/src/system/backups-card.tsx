import type { VNode } from 'preact';
import type { SystemReport } from '@coldroom/operations';
import { counted, formatBytes } from '@coldroom/terminal';
import { When } from '../layout/parts';
import { Rows } from '../layout/rows';

type Backup = SystemReport['backups'][number];
type Drill = SystemReport['lastDrill'];

const columns = [{ title: 'Database' }, { title: 'Last good backup' }, { title: 'Since then' }];

export function BackupsCard({
  backups,
  lastDrill,
}: {
  readonly backups: readonly Backup[];
  readonly lastDrill: Drill;
}): VNode {
  return (
    <section class="card">
      <h2>Backups</h2>
      {backups.length === 0 ? (
        <p>
          No backup was made by <span class="code">coldroom backup</span>. Without one, a lost register can be rebuilt
          from the stores, but without its history.
        </p>
      ) : (
        <Rows
          label="Backups"
          columns={columns}
          rows={backups.map((backup) => ({
            key: `${backup.database} ${backup.place}`,
            cells: [<Of backup={backup} />, <Last backup={backup} />, <Since backup={backup} />],
          }))}
        />
      )}
      {lastDrill && <LastDrill drill={lastDrill} />}
    </section>
  );
}

function Of({ backup: { database, shown } }: { readonly backup: Backup }): VNode {
  return (
    <>
      <strong>{database === 'omero' ? "OMERO's database" : 'Register'}</strong>{' '}
      <span class="muted path">to {shown}</span>
    </>
  );
}

function Last({ backup: { succeededAt, bytes } }: { readonly backup: Backup }): VNode {
  if (succeededAt === null) return <>none</>;
  return (
    <>
      <When at={succeededAt} />
      {bytes !== null && `, ${formatBytes(bytes)}`}
    </>
  );
}

function Since({ backup: { failures, code, reason } }: { readonly backup: Backup }): VNode {
  if (failures === 0) return <>no failure</>;
  return (
    <>
      {counted(failures, 'run')} failed: {reason} <span class="code">{code}</span>
    </>
  );
}

function LastDrill({ drill: { finishedAt, code, reason } }: { readonly drill: NonNullable<Drill> }): VNode {
  return (
    <p>
      Last drill: {finishedAt && <When at={finishedAt} />}
      {code === null ? ', the newest backup could be restored.' : `, failed: ${reason} `}
      {code !== null && <span class="code">{code}</span>}
    </p>
  );
}
