import { requestsPage, review } from '@coldroom/api';
import { codeOf } from '@coldroom/domain';
import {
  carryOutDecisions,
  decideIn,
  parseIds,
  planDecisions,
  refuseUnknownStore,
  UsageError,
  type Decision,
  type MakeDecision,
  type ExitCode,
} from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import type { ChangeOptions, CliCommand, Result } from '../command';
import type { Context } from '../context';
import { words } from '../lines';
import { styled } from '../output';
import type { Server } from '../server';

interface Options extends ChangeOptions {
  readonly all?: boolean;
  readonly reason?: string;
  readonly store?: string;
}

const effects = {
  approve: 'Their files are copied to the store, and then links replace the originals. Continue?',
  decline: 'Their marks in OMERO are removed. Continue?',
};
const past = { approve: 'approved', decline: 'declined' };

export function addRequestsDecide(requests: CliCommand): void {
  common(requests, 'approve')
    .argument('[requests...]', 'their numbers, or Request:1,2')
    .description('approve requests: their files are hashed, copied, proven, and then links take their place')
    .option('--all', 'all that are New')
    .option('--store <name>', 'where their copies go (default: by the rules of the stores file)')
    .examples('requests approve 1 2', 'requests approve --all --dry-run');
  common(requests, 'decline')
    .argument('<requests...>', 'their numbers, or Request:1,2')
    .description('decline requests: nothing was touched, and their marks are taken back in OMERO')
    .requiredOption('--reason <text>', 'why; kept in the register')
    .examples('requests decline 3 --reason "still being analysed"');
}

function common(requests: CliCommand, decision: Decision['decision']): CliCommand {
  return requests
    .command(decision)
    .dryRun(`only show what would be ${past[decision]}`)
    .yes()
    .by()
    .runs((context, named: readonly string[], options: Options) => decide(context, decision, named, options));
}

async function decide(
  context: Context,
  decision: Decision['decision'],
  named: readonly string[],
  { all = false, dryRun = false, yes, by, reason, store }: Options,
): Promise<Result> {
  if (named.length > 0 === all) throw new UsageError('name requests, or say --all');
  const ids = all ? undefined : parseIds(named, 'Request');
  const plan = await context.either(
    async (register) => {
      if (store !== undefined) await refuseUnknownStore(context, store);
      return planDecisions(register.requests, decision, ids);
    },
    (server) => planDecisions(requestsOf(server), decision, ids),
  );
  let decided = plan;
  if (!dryRun && plan.some((one) => one.done)) {
    await context.confirm([plan.map((one) => line(one, true)), effects[decision]], yes);
    decided = await context.either(
      (register) => carryOutDecisions(plan, decideIn(register, { by, reason, store })),
      (server) => carryOutDecisions(plan, decideOn(server, { reason, store })),
    );
  }
  return {
    document: { dryRun, requests: decided },
    lines: decided.length > 0 ? decided.map((one) => line(one, dryRun)) : 'No request is New.',
    exitCode: exitCodeOf(decided),
  };
}

function requestsOf(server: Server): Parameters<typeof planDecisions>[0] {
  return {
    get: async (id) => {
      try {
        return (await server.get(`requests/${id}`, review)).request;
      } catch (error) {
        if (codeOf(error) === 'NO_SUCH_REQUEST') return undefined;
        throw error;
      }
    },
    inState: async (state) => (await server.all('requests', requestsPage, { state })).map(({ id }) => id).toReversed(),
  };
}

function decideOn(server: Server, { reason, store }: Pick<Options, 'reason' | 'store'>): MakeDecision {
  return async ({ decision, request, revision }) =>
    server.post(`requests/${request}/decision`, review, { decision, reason, store }, { 'if-match': `"${revision}"` });
}

function line({ request, decision, done, files = 0, bytes = 0n, error }: Decision, dryRun: boolean): string {
  if (error) return `${styled('red', 'not done')}  ${error.message}`;
  return `${done && !dryRun ? '' : 'would be '}${past[decision]}  request ${request}: ${words({ files, bytes })}`;
}

function exitCodeOf(decided: readonly Decision[]): ExitCode {
  const [failed] = decided.filter((one) => !one.done);
  if (!failed) return exitCodes.ok;
  if (decided.some((one) => one.done)) return exitCodes.partly;
  return failed.error?.code === 'NO_SUCH_REQUEST' ? exitCodes.notFound : exitCodes.notAllowed;
}
