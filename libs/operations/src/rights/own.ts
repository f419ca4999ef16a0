import { actions, may, relations, type Action, type Actor, type Relation, type RightsPolicy } from './rights';

/** For each action, on what the actor may do it: what is their own, of a group they lead, or of anyone. */
export type OwnRights = Readonly<Record<Action, readonly Relation[]>>;

export function rightsOf({ roles }: Actor, policy: RightsPolicy): OwnRights {
  const on = (action: Action): readonly Relation[] =>
    relations.filter((relation) => may(roles, action, [relation], policy));
  return Object.fromEntries(actions.map((action) => [action, on(action)])) as unknown as OwnRights;
}
