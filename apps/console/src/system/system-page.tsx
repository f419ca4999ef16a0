import type { VNode } from 'preact';
import type { SystemReport } from '@coldroom/operations';
import type { SettingDescription } from '@coldroom/runtime';
import { Page, type Frame } from '../layout/html';
import { Fact } from '../layout/parts';
import { BackupsCard } from './backups-card';
import { QueuesCard } from './queues-card';
import { MailCard } from './mail-card';
import { ServicesCard } from './services-card';
import { SettingsCard } from './settings-card';

interface Props extends Frame {
  readonly report: SystemReport;
  readonly settings: readonly SettingDescription[];
  readonly seesQueues: boolean;
}

export function SystemPage({ report, settings, seesQueues, ...frame }: Props): VNode {
  return (
    <Page {...frame} section="system" title="System">
      <h1>{headline(report)}</h1>
      <ServicesCard services={report.services} />
      <Versions {...frame} report={report} />
      <QueuesCard {...frame} queues={report.queues} fault={report.redisFault} seesQueues={seesQueues} />
      <BackupsCard backups={report.backups} lastDrill={report.lastDrill} />
      <MailCard mail={report.mail} />
      <SettingsCard settings={settings} />
    </Page>
  );
}

function headline({ services, redisFault, pendingMigrations }: SystemReport): string {
  if (pendingMigrations.length > 0) return 'The register lacks tables of this version';
  if (redisFault !== null) return 'Redis does not answer';
  const silent = services.filter(
    ({ isSilent, isNeeded, reportedAt }) => isSilent || (isNeeded && reportedAt === null),
  ).length;
  if (silent > 0) return silent === 1 ? '1 service does not report' : `${silent} services do not report`;
  return 'All services report';
}

function Versions({ site, report: { versions, pendingMigrations } }: Pick<Props, 'site' | 'report'>): VNode {
  return (
    <section class="card stack">
      <h2>Versions</h2>
      <dl class="facts">
        <Fact name="Coldroom" value={versions.coldroom} />
        <Fact name="Node.js" value={versions.node} />
        <Fact name="PostgreSQL" value={versions.postgresql} />
        <Fact name="Redis" value={versions.redis ?? 'does not answer'} />
      </dl>
      <p>
        Programs use the <a href={site.href('/api/docs')}>REST API</a>.
      </p>
      {pendingMigrations.length === 0 ? (
        <p class="muted">The register has all tables of this version.</p>
      ) : (
        <div>
          <p>The register lacks {pendingMigrations.join(', ')}. Run:</p>
          <pre>coldroom migrate</pre>
        </div>
      )}
    </section>
  );
}
