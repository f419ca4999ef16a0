import type { Command } from 'commander';
import { Refused } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { readStores } from '@coldroom/stores';
import { counted, formatBytes } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { failureOf, UsageError, type ExitCode, type Failure } from '@coldroom/operations';
import { byOption, yesOption } from '../options';
import { styled } from '../output';
import { parseIds } from '@coldroom/operations';

interface Options {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly by?: string;
  readonly reason?: string;
  readonly store?: string;
}

interface Decided {
  readonly request: bigint;
  readonly decision: 'approve' | 'decline';
  readonly done: boolean;
  readonly files?: number;
  readonly bytes?: bigint;
  readonly error?: Pick<Failure, 'code' | 'message'>;
}

export function addRequestsDecide(requests: Command, act: Act): void {
  requests
    .command('approve')
    .argument('[requests...]', 'their numbers, or Request:1,2')
    .description('approve requests: their files are hashed, copied, proven, and then links take their place')
    .option('--all', 'all that are New')
    .option('--store <name>', 'where their copies go (default: by the rules of the stores file)')
    .option('--dry-run', 'only show what would be approved')
    .option(...yesOption)
    .option(...byOption)
    .addHelpText('after', examples('requests approve 1 2', 'requests approve --all --dry-run'))
    .action((words: readonly string[], options: Options) =>
      act((context) => decide(context, 'approve', words, options)),
    );
  requests
    .command('decline')
    .argument('<requests...>', 'their numbers, or Request:1,2')
    .description('decline requests: nothing was touched, and their marks are taken back in OMERO')
    .requiredOption('--reason <text>', 'why; kept in the register')
    .option('--dry-run', 'only show what would be declined')
    .option(...yesOption)
    .option(...byOption)
    .addHelpText('after', examples('requests decline 3 --reason "still being analysed"'))
    .action((words: readonly string[], options: Options) =>
      act((context) => decide(context, 'decline', words, options)),
    );
}

async function decide(
  context: Context,
  decision: Decided['decision'],
  words: readonly string[],
  options: Options,
): Promise<ExitCode> {
  if (words.length > 0 === (options.all ?? false)) throw new UsageError('name requests, or say --all');
  const named = parseIds(words, 'Request');
  if (options.store !== undefined) await checkStore(context, options.store);
  const decided = await context.register(async (register) => {
    const plan: Decided[] = [];
    for (const id of options.all ? await register.requests.inState('New') : named)
      plan.push(await planOne(register, decision, id));
    if (options.dryRun || !plan.some((one) => one.done)) return plan;
    if (!(await confirmed(question(plan, decision), { yes: options.yes ?? false, json: context.out.json })))
      return undefined;
    const results: Decided[] = [];
    for (const one of plan) results.push(one.done ? await decideOne(register, one, options) : one);
    return results;
  });
  if (decided === undefined) {
    context.out.note('Nothing was changed.');
    return exitCodes.failed;
  }
  context.out.result({ dryRun: options.dryRun ?? false, requests: decided }, () =>
    decided.length > 0 ? decided.map((one) => line(one, options.dryRun ?? false)) : ['No request is New.'],
  );
  return exitCode(decided);
}

async function checkStore(context: Context, name: string): Promise<void> {
  const { stores } = await readStores(context.settings('stores').COLDROOM_STORES);
  if (!Object.hasOwn(stores, name))
    throw new Refused(
      'STORE_UNKNOWN',
      `The stores file names no store "${name}"; there are ${Object.keys(stores).join(', ')}`,
    );
}

/** What would be done; `done` where it can be. */
async function planOne(register: Register, decision: Decided['decision'], id: bigint): Promise<Decided> {
  const request = await register.requests.get(id);
  if (!request) {
    const message = `There is no request ${id}; "coldroom requests list" shows all`;
    return { request: id, decision, done: false, error: { code: 'NO_SUCH_REQUEST', message } };
  }
  const { files, bytes, state } = request;
  return {
    request: id,
    decision,
    files,
    bytes,
    done: state === 'New',
    ...(state === 'New' ? {} : { error: { code: 'REQUEST_DECIDED', message: `Request ${id} is ${state} already` } }),
  };
}

async function decideOne(
  register: Register,
  plan: Decided,
  { by = person(), reason, store }: Options,
): Promise<Decided> {
  const { request: id, decision } = plan;
  try {
    if (decision === 'approve') await register.requests.approve(id, by, store ?? null);
    else await register.requests.decline(id, by, reason ?? null);
    return plan;
  } catch (error) {
    const { code, message, exitCode: severity } = failureOf(error);
    if (severity !== exitCodes.notFound && severity !== exitCodes.notAllowed) throw error;
    return { ...plan, done: false, error: { code, message } };
  }
}

function question(plan: readonly Decided[], decision: Decided['decision']): string {
  const effect = {
    approve: 'Their files are copied to the store, and then links replace the originals.',
    decline: 'Their marks in OMERO are removed.',
  }[decision];
  return [...plan.map((one) => line(one, true)), `${effect} Continue?`].join('\n');
}

function line({ request, decision, done, files = 0, bytes = 0n, error }: Decided, dryRun: boolean): string {
  if (error) return `${styled('red', 'not done')}  ${error.message}`;
  const word = { approve: 'approved', decline: 'declined' }[decision];
  return `${done && !dryRun ? word : `would be ${word}`}  request ${request}: ${counted(files, 'file')}, ${formatBytes(bytes)}`;
}

function exitCode(decided: readonly Decided[]): ExitCode {
  const [failed] = decided.filter((one) => !one.done);
  if (!failed) return exitCodes.ok;
  if (decided.some((one) => one.done)) return exitCodes.partly;
  return failed.error?.code === 'NO_SUCH_REQUEST' ? exitCodes.notFound : exitCodes.notAllowed;
}
