import type { VNode } from 'preact';
import type { StoreChoice } from '@coldroom/operations';
import { formatBytes } from '@coldroom/terminal';
import { money } from '../layout/money';
import { Badge, When } from '../layout/parts';
import { NotKnown } from '../stores/not-known';

interface Props {
  readonly stores: readonly StoreChoice[];
}

/** Where the copies go: a choice, or what is known of the only store; nothing as long as no store is known. */
export function StoreToUse({ stores }: Props): VNode | null {
  const [only] = stores;
  if (only === undefined) return null;
  if (stores.length === 1)
    return (
      <div class="stack-small">
        <p class="small">
          Copies go to store <strong class="name">{only.name}</strong>
        </p>
        <About store={only} />
      </div>
    );
  return (
    <fieldset class="choices">
      <legend>Store</legend>
      {stores.map((store) => (
        <label>
          <input type="radio" name="store" value={store.name} defaultChecked={store.isUsual} />
          <span>
            <span class="name">{store.name}</span>
            <About store={store} />
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function About({
  store: { lookedAt, isOld, fault, freeBytes, isTooSmall, cost },
}: {
  readonly store: StoreChoice;
}): VNode {
  return (
    <>
      {(freeBytes !== null || cost !== null) && (
        <span class="small muted block">
          {[
            freeBytes !== null && `${formatBytes(freeBytes)} free`,
            cost && `${money(cost)} per year for the whole request`,
          ]
            .filter((text) => text)
            .join(', ')}
        </span>
      )}
      {isTooSmall && (
        <Badge shape="▲" colour="warn">
          Too small for this request
        </Badge>
      )}
      {isOld && (
        <span class="block">
          <NotKnown since={lookedAt} />
        </span>
      )}
      {fault && !isOld && (
        <span class="small block">
          <Badge shape="▲" colour="warn">
            Not available
          </Badge>{' '}
          It became unavailable <When at={fault.since} />. Archiving waits until it is available again.
        </span>
      )}
    </>
  );
}
