import type { Register, RequestSummary } from '@coldroom/register';
import { failureOf, noSuchRequest, type Failure } from '../failure';
import { refuseUnableStore } from './stores';

/** What is decided about one request; `done` if it can be, and afterwards if it was. */
export interface Decision {
  readonly request: bigint;
  readonly decision: 'approve' | 'decline';
  readonly done: boolean;
  /** What was looked at: if the request has changed by the time of the decision, nothing is decided. */
  readonly revision?: number;
  readonly files?: number;
  readonly bytes?: bigint;
  readonly error?: Pick<Failure, 'code' | 'message'>;
}

/** Where requests are read: the register, or a server that has one. */
export interface ReadRequests {
  get(id: bigint): Promise<RequestSummary | undefined>;
  inState(state: 'New'): Promise<readonly bigint[]>;
}

/** Only a New request can be decided. Without ids, all that are New. */
export async function planDecisions(
  requests: ReadRequests,
  decision: Decision['decision'],
  ids?: readonly bigint[],
): Promise<readonly Decision[]> {
  const plan: Decision[] = [];
  for (const id of ids ?? (await requests.inState('New'))) plan.push(await planOne(requests, decision, id));
  return plan;
}

async function planOne(requests: ReadRequests, decision: Decision['decision'], id: bigint): Promise<Decision> {
  const request = await requests.get(id);
  if (!request) {
    const { code, message } = noSuchRequest(id);
    return { request: id, decision, done: false, error: { code, message } };
  }
  const { files, bytes, state, revision } = request;
  return {
    request: id,
    decision,
    files,
    bytes,
    revision,
    done: state === 'New',
    ...(state === 'New' ? {} : { error: { code: 'REQUEST_DECIDED', message: `Request ${id} is ${state} already` } }),
  };
}

/** Makes one decision. It throws if the request was decided or has changed since it was planned. */
export type MakeDecision = (one: Decision) => Promise<unknown>;

/** Records a decision in the register. */
export function decideIn(
  register: Register,
  {
    by,
    reason,
    store,
  }: { readonly by: string; readonly reason?: string | undefined; readonly store?: string | undefined },
): MakeDecision {
  return async ({ decision, request, revision }) => {
    const seen = revision === undefined ? {} : { revision };
    if (decision !== 'approve') return register.requests.decline(request, by, reason ?? null, seen);
    const summary = await register.requests.get(request);
    if (summary) await refuseUnableStore(register, summary, store ?? null);
    return register.requests.approve(request, by, store ?? null, seen);
  };
}

/** Makes each decision that can be made. One that was made in the meantime is reported, and does not end the rest. */
export async function carryOutDecisions(plan: readonly Decision[], make: MakeDecision): Promise<readonly Decision[]> {
  const results: Decision[] = [];
  for (const one of plan) results.push(one.done ? await settled(one, make(one)) : one);
  return results;
}

async function settled(plan: Decision, deciding: Promise<unknown>): Promise<Decision> {
  try {
    await deciding;
    return plan;
  } catch (error) {
    const { code, message } = failureOf(error);
    if (!['NO_SUCH_REQUEST', 'REQUEST_DECIDED', 'REQUEST_CHANGED'].includes(code)) throw error;
    return { ...plan, done: false, error: { code, message } };
  }
}
