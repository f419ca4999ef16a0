import type { VNode } from 'preact';
import type { StoreReview } from '@coldroom/operations';
import type { StoreHealth, StorePart, StorePrice } from '@coldroom/register';
import { formatBytes, formatCount } from '@coldroom/terminal';
import { costPerYear, priceOf } from '../layout/money';
import { Badge, When } from '../layout/parts';
import { Rows } from '../layout/rows';
import { Space } from './space';

export function StoreCard({ store }: { readonly store: StoreReview }): VNode {
  const { name, health, isOld, isFillingUp, stopped } = store;
  return (
    <section class="card stack">
      <div class="title">
        <h2>{name}</h2>
        <Condition store={store} />
        {health?.isDefault && (
          <Badge shape="●" colour="muted">
            Default
          </Badge>
        )}
        {stopped && (
          <Badge shape="■" colour="warn">
            Stopped
          </Badge>
        )}
      </div>
      {health && (
        <p class="muted path">
          {health.kind}: {health.place}
        </p>
      )}
      {health === null && (
        <p>
          The stores file no longer names this store, but it still contains files. Add it to the file again, so that
          they can be restored.
        </p>
      )}
      {health?.fault && <Fault fault={health.fault} />}
      {stopped && <Stopped stopped={stopped} />}
      {isOld && <p>The service ingest-watcher no longer reports how this store is. Look whether it runs.</p>}
      {isFillingUp && <p>{whereItFills(health)}</p>}
      {health && <Space health={health} isFillingUp={isFillingUp} />}
      <Content content={store.content} />
      {health?.price && <Costs price={health.price} archived={store.content.archived.bytes} />}
      {health && (
        <p class="small muted">
          Looked at <When at={health.lookedAt} />.
        </p>
      )}
    </section>
  );
}

function whereItFills(health: StoreHealth | null): string {
  return health?.kind === 's3'
    ? 'Make room for recalled copies, or end recalls that are no longer needed. Nothing can be recalled once it is full.'
    : 'Extend the store, or choose another default store in the stores file. Nothing can be archived once it is full.';
}

function Condition({ store: { health, isOld, isFillingUp } }: { readonly store: StoreReview }): VNode {
  const [shape, colour, words] = ((): readonly [string, string, string] => {
    if (health === null) return ['■', 'muted', 'No longer configured'];
    if (health.fault !== null) return ['▲', 'bad', 'Not available'];
    if (isOld) return ['▲', 'warn', 'Not looked at lately'];
    return isFillingUp ? ['▲', 'warn', 'Filling up'] : ['✓', 'good', 'Available'];
  })();
  return (
    <Badge shape={shape} colour={colour}>
      {words}
    </Badge>
  );
}

function Fault({ fault: { code, reason, since } }: { readonly fault: NonNullable<StoreHealth['fault']> }): VNode {
  return (
    <div>
      <p class="reason">
        {reason} <span class="code">{code}</span>
      </p>
      <p>
        It became unavailable <When at={since} />. Work on it waits, and continues by itself when it is available again.
        To examine it, run this on the machine of the services:
      </p>
      <pre>coldroom store list</pre>
    </div>
  );
}

function Stopped({ stopped: { reason, name } }: { readonly stopped: NonNullable<StoreReview['stopped']> }): VNode {
  return (
    <div>
      <p>Work on this store is stopped: {reason ?? 'no reason was given'}. Once the cause has been removed, run:</p>
      <pre>coldroom resume {name}</pre>
    </div>
  );
}

/** In the order of the work. */
const parts: readonly (readonly [part: StorePart, words: string])[] = [
  ['writing', 'Being hashed, copied and verified'],
  ['waiting', 'Waiting until the store reports them as durable'],
  ['stuck', 'Stuck'],
  ['archived', 'Archived'],
  ['left', 'Restored, undone or abandoned; copies that were sealed stay'],
];
const columns = [{ title: 'Files' }, { title: 'Number', number: true }, { title: 'Size', number: true }];

function Content({ content }: Pick<StoreReview, 'content'>): VNode {
  const present = parts.filter(([part]) => content[part].files > 0);
  if (present.length === 0) return <p class="muted">No files are in this store yet.</p>;
  return (
    <Rows
      label="What is in this store"
      columns={columns}
      rows={present.map(([part, words]) => ({
        key: part,
        cells: [words, formatCount(content[part].files), formatBytes(content[part].bytes)],
      }))}
    />
  );
}

function Costs({ price, archived }: { readonly price: StorePrice; readonly archived: bigint }): VNode {
  return (
    <p>
      {priceOf(price)}: what is archived costs <strong>{costPerYear(archived, price)}</strong> a year.
    </p>
  );
}
