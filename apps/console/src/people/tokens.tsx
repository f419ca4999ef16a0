import type { VNode } from 'preact';
import type { Token } from '@coldroom/register';
import { Badge, Day, When } from '../layout/parts';
import { Rows } from '../layout/rows';

const columns = [
  { title: 'Token', class: 'wide-column' },
  { title: 'State', class: 'state-column' },
  { title: 'Created', number: true },
  { title: 'Expires', number: true },
  { title: 'Last used', number: true },
];

/** The secrets are not kept, so that none can be shown. */
export function Tokens({ tokens }: { readonly tokens: readonly Token[] }): VNode {
  return (
    <section class="card">
      <h2>Access tokens</h2>
      {tokens.length === 0 ? (
        <p class="muted">
          There are none. A program that uses the REST API needs one: <code>coldroom tokens create</code> makes it.
        </p>
      ) : (
        <Rows label="Access tokens" columns={columns} rows={tokens.map(rowOf)} />
      )}
    </section>
  );
}

const rowOf = (token: Token) => ({
  key: token.id.toString(),
  cells: [
    <>
      <strong class="name">{token.name}</strong>{' '}
      <span class="muted">
        {token.role}, created by {token.createdBy}
      </span>
    </>,
    <State token={token} />,
    <When at={token.createdAt} />,
    <Day at={token.expiresAt} />,
    token.lastUsedAt ? <When at={token.lastUsedAt} /> : 'never',
  ],
});

function State({ token: { revokedAt, expiresAt } }: { readonly token: Token }): VNode {
  if (revokedAt)
    return (
      <Badge shape="■" colour="muted">
        Revoked
      </Badge>
    );
  return expiresAt > new Date() ? (
    <Badge shape="✓" colour="good">
      Valid
    </Badge>
  ) : (
    <Badge shape="■" colour="muted">
      Expired
    </Badge>
  );
}
