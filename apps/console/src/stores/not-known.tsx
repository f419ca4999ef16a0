import type { VNode } from 'preact';
import { Badge, When } from '../layout/parts';

/** For a store at which no service looks any longer. */
export function NotKnown({ since }: { readonly since: Date }): VNode {
  return (
    <>
      <Badge shape="▲" colour="warn">
        Not known
      </Badge>{' '}
      <span class="small">
        since <When at={since} />
      </span>
    </>
  );
}
