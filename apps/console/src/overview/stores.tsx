import type { VNode } from 'preact';
import type { StoreState } from '@coldroom/operations';
import { formatBytes } from '@coldroom/terminal';
import type { Frame } from '../layout/html';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { NotKnown } from '../stores/not-known';

interface Props extends Pick<Frame, 'site'> {
  readonly stores: readonly StoreState[];
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

function rowOf(store: StoreState) {
  const { name, isOld, freeBytes, totalBytes } = store;
  return {
    key: name,
    cells: [
      <span class="name">{name}</span>,
      <State store={store} />,
      isOld || freeBytes === null || totalBytes === null
        ? 'not known'
        : `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)}`,
    ],
  };
}

function State({ store: { isOld, lookedAt, fault } }: { readonly store: StoreState }): VNode {
  if (isOld) return <NotKnown since={lookedAt} />;
  if (fault === null)
    return (
      <Badge shape="✓" colour="good">
        Available
      </Badge>
    );
  return (
    <>
      <Badge shape="▲" colour="warn">
        Not available
      </Badge>{' '}
      <span class="small">
        <code>{fault.code}</code> since <When at={fault.since} />
      </span>
    </>
  );
}
