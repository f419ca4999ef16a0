import type { VNode } from 'preact';
import type { SystemReport } from '@coldroom/operations';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';

type Services = SystemReport['services'];

const columns = [{ title: 'Service' }, { title: 'State' }, { title: 'Version' }, { title: 'Last report' }];

export function ServicesCard({ services }: { readonly services: Services }): VNode {
  return (
    <section class="card">
      <h2>Services</h2>
      <p>
        Each service reports every minute. Work of one that does not report waits in the register and continues when it
        runs again. Its log says why it ended. The console, the notifier and the backup are optional.
      </p>
      <Rows
        label="Services"
        columns={columns}
        rows={services.map((service) => ({
          key: service.service,
          cells: [
            <strong>{service.service}</strong>,
            <State service={service} />,
            service.version ?? '',
            service.reportedAt ? <When at={service.reportedAt} /> : 'never',
          ],
        }))}
      />
      <p class="small muted">
        Each service answers <span class="code">/healthz</span>, <span class="code">/readyz</span> and{' '}
        <span class="code">/metrics</span> on its own machine, at METRICS_HOST and METRICS_PORT.
      </p>
    </section>
  );
}

function State({ service }: { readonly service: Services[number] }): VNode {
  const { reportedAt, isSilent, isNeeded } = service;
  if (reportedAt === null && !isNeeded) return <span class="muted">Not in use</span>;
  if (reportedAt === null)
    return (
      <Badge shape="■" colour="warn">
        Never started
      </Badge>
    );
  return isSilent ? (
    <Badge shape="▲" colour="bad">
      Silent
    </Badge>
  ) : (
    <Badge shape="✓" colour="good">
      Reports
    </Badge>
  );
}
