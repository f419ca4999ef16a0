import { Refused } from '@coldroom/domain';
import type { Reviewer } from '../requests/review';
import { notFound } from '../failure';
import { may, type Action } from './rights';

/** `Refused` `NO_SUCH_PAGE`: what the actor may not see looks as if it did not exist. */
export function requireSight({ actor, policy }: Pick<Reviewer, 'actor' | 'policy'>, action: Action): void {
  if (!may(actor.roles, action, ['other'], policy))
    throw notFound('such page', 'NO_SUCH_PAGE', 'docs/rights.md says who may see what');
}

/** `Refused` `NOT_PERMITTED`: for what concerns no request. */
export function requireRight(
  { actor, policy }: Pick<Reviewer, 'actor' | 'policy'>,
  action: Action,
  refusal: string,
): void {
  if (!may(actor.roles, action, ['other'], policy))
    throw new Refused('NOT_PERMITTED', `${refusal} docs/rights.md says who may.`);
}
