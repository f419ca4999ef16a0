import type { Visibility } from '@coldroom/register';

/** What a person is to Coldroom. Someone may have several roles; each active OMERO user is a researcher. */
export const roles = ['researcher', 'leader', 'manager', 'administrator', 'auditor'] as const;
export type Role = (typeof roles)[number];

/**
 * How a person relates to what they act on: they requested it or own its images; they lead its group; neither. What
 * belongs to no one, such as a switch, is `other`. Someone may be related in two ways.
 */
export const relations = ['own', 'group', 'other'] as const;
export type Relation = (typeof relations)[number];

export const actions = [
  'see',
  'approve',
  'decline',
  'withdraw',
  'retrieve',
  'cancelRetrieval',
  'import',
  'retryImport',
  'cancelImport',
  'retry',
  'abandon',
  'undo',
  'move',
  'scan',
  'stop',
  'resume',
  'seeUsage',
  'seeStuck',
  'seeStores',
  'seeAudit',
  'seePeople',
  'seeSystem',
  'seeQueues',
  'changeQueues',
] as const;
export type Action = (typeof actions)[number];

/** What can be done about requests and their files: everything but imports. */
export const actionsOnRequests = actions.filter((action) => !/import/i.test(action));

/** Rules that a facility may choose. */
export interface RightsPolicy {
  /** Group leaders approve and decline requests of the groups they lead. */
  readonly leadersDecide: boolean;
  /** No one approves what they requested or own. */
  readonly fourEyes: boolean;
}

const own: readonly Relation[] = ['own'];
const group: readonly Relation[] = ['group'];
const all: readonly Relation[] = relations;

/** The only place that says who may do what; docs/rights.md has the same table, and a test compares them. */
const matrix: Readonly<Record<Action, Readonly<Partial<Record<Role, readonly Relation[]>>>>> = {
  see: { researcher: own, leader: group, manager: all, administrator: all, auditor: all },
  approve: { leader: group, manager: all },
  decline: { leader: group, manager: all },
  withdraw: { researcher: own, leader: group, manager: all },
  retrieve: { researcher: own, leader: group, manager: all, administrator: all },
  cancelRetrieval: { researcher: own, leader: group, manager: all, administrator: all },
  import: { researcher: own, manager: all, administrator: all },
  retryImport: { researcher: own, manager: all, administrator: all },
  cancelImport: { researcher: own, manager: all, administrator: all },
  retry: { administrator: all },
  abandon: { administrator: all },
  undo: { administrator: all },
  move: { administrator: all },
  scan: { manager: all, administrator: all },
  stop: { administrator: all },
  resume: { administrator: all },
  seeUsage: { researcher: own, leader: group, manager: all, administrator: all, auditor: all },
  seeStuck: { manager: all, administrator: all, auditor: all },
  seeStores: { manager: all, administrator: all, auditor: all },
  seeAudit: { manager: all, administrator: all, auditor: all },
  seePeople: { administrator: all, auditor: all },
  seeSystem: { administrator: all, auditor: all },
  seeQueues: { administrator: all },
  changeQueues: { administrator: all },
};

/** Whoever acts: a person who is signed in, or a machine with an access token. */
export interface Actor {
  /** As events name it: an OMERO login, or `token:<name>`. */
  readonly name: string;
  /** OMERO's experimenter id; null for a token. */
  readonly personId: bigint | null;
  readonly roles: readonly Role[];
  /** Ids of the OMERO groups that this person leads. */
  readonly leads: readonly bigint[];
}

/** Whose a request is. */
export interface Ownership {
  readonly ownerId: bigint;
  readonly requesterId: bigint;
  readonly groupId: bigint;
}

/** How the actor relates to a request. */
export function relationsTo(actor: Actor, { ownerId, requesterId, groupId }: Ownership): readonly Relation[] {
  const found: Relation[] = [];
  if (actor.personId !== null && (actor.personId === ownerId || actor.personId === requesterId)) found.push('own');
  if (actor.leads.includes(groupId)) found.push('group');
  return found.length > 0 ? found : ['other'];
}

/** Whether one of these roles permits the action on what is related in these ways. */
export function may(
  granted: readonly Role[],
  action: Action,
  related: readonly Relation[],
  { leadersDecide, fourEyes }: RightsPolicy,
): boolean {
  if (action === 'approve' && fourEyes && related.includes('own')) return false;
  return granted
    .filter((role) => role !== 'leader' || leadersDecide || (action !== 'approve' && action !== 'decline'))
    .some((role) => related.some((relation) => matrix[action][role]?.includes(relation)));
}

/**
 * Of which requests the actor may see something, for a search among all of them; undefined if of all. For each, `may` says
 * the same.
 */
export function visibleTo(
  actor: Actor,
  policy: RightsPolicy,
  action: Extract<Action, 'see' | 'seeUsage'> = 'see',
): Visibility | undefined {
  const sees = (relation: Relation): boolean => may(actor.roles, action, [relation], policy);
  if (sees('other')) return undefined;
  return { personId: sees('own') ? actor.personId : null, groupIds: sees('group') ? actor.leads : [] };
}
