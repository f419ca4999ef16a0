import type { VNode } from 'preact';
import type { StoreReview } from '@coldroom/operations';
import { Page, type Frame } from '../layout/html';
import { StoreCard } from './store-card';

interface Props extends Frame {
  readonly stores: readonly StoreReview[];
}

export function StoresPage({ stores, ...frame }: Props): VNode {
  return (
    <Page {...frame} section="stores" title="Stores">
      <h1>{headline(stores)}</h1>
      {stores.length === 0 && <NoStores />}
      {stores.map((store) => (
        <StoreCard store={store} />
      ))}
    </Page>
  );
}

function headline(stores: readonly StoreReview[]): string {
  if (stores.length === 0) return 'Stores';
  const away = stores.filter(({ health }) => health !== null && health.fault !== null).length;
  if (away > 0) return away === 1 ? '1 store is not available' : `${away} stores are not available`;
  if (stores.some(({ isOld }) => isOld)) return 'The stores have not been checked recently';
  const filling = stores.filter(({ isFillingUp }) => isFillingUp).length;
  if (filling > 0) return filling === 1 ? '1 store is filling up' : `${filling} stores are filling up`;
  return 'All stores are available';
}

function NoStores(): VNode {
  return (
    <section class="card empty">
      <h2>No store has been looked at yet</h2>
      <p>
        The service ingest-watcher looks at each store every 2 minutes. Start it, and reload this page. Its log says why
        if it does not run.
      </p>
    </section>
  );
}
