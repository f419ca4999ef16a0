import type { Register } from '@coldroom/register';
import { failureOf, noSuchRequest, type Failure } from '../failure';

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

/** Only a New request can be decided. Without ids, all that are New. */
export async function planDecisions(
  register: Register,
  decision: Decision['decision'],
  ids?: readonly bigint[],
): Promise<readonly Decision[]> {
  const plan: Decision[] = [];
  for (const id of ids ?? (await register.requests.inState('New'))) plan.push(await planOne(register, decision, id));
  return plan;
}

async function planOne(register: Register, decision: Decision['decision'], id: bigint): Promise<Decision> {
  const request = await register.requests.get(id);
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

/** Records each decision that can be made. One that was made in the meantime is reported, and does not end the rest. */
export async function carryOutDecisions(
  register: Register,
  plan: readonly Decision[],
  {
    by,
    reason = null,
    store = null,
  }: { readonly by: string; readonly reason?: string | null; readonly store?: string | null },
): Promise<readonly Decision[]> {
  const results: Decision[] = [];
  for (const one of plan) {
    if (!one.done) results.push(one);
    else if (one.decision === 'approve')
      results.push(await settled(one, register.requests.approve(one.request, by, store, seen(one))));
    else results.push(await settled(one, register.requests.decline(one.request, by, reason, seen(one))));
  }
  return results;
}

const seen = ({ revision }: Decision): { revision?: number } => (revision === undefined ? {} : { revision });

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
