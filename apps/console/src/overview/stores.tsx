import type { VNode } from 'preact';
import type { StoreHealth } from '@coldroom/register';
import { formatBytes } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';

interface Props extends Pick<Frame, 'site'> {
  readonly stores: readonly StoreHealth[];
}

const columns = [{ title: 'Store' }, { title: 'State' }, { title: 'Free', number: true }];

export function Stores({ site, stores }: Props): VNode {
  return (
    <section class="card">
      <h2>Stores</h2>
      <Rows label="Stores" columns={columns} rows={stores.map(rowOf)} />
      <p>
        <a href={site.href('/stores')}>What is in them</a>
      </p>
    </section>
  );
}

function rowOf({ name, fault, freeBytes, totalBytes }: StoreHealth) {
  return {
    key: name,
    cells: [
      <span class="name">{name}</span>,
      fault ? (
        <>
          <Badge shape="▲" colour="warn">
            Not available
          </Badge>{' '}
          <span class="small">
            <code>{fault.code}</code> since <When at={fault.since} />
          </span>
        </>
      ) : (
        <Badge shape="✓" colour="good">
          Available
        </Badge>
      ),
      freeBytes === null || totalBytes === null
        ? 'not known'
        : `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)}`,
    ],
  };
}
