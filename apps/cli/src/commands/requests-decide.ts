import type { Command } from 'commander';
import { Refused } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { readStores } from '@coldroom/stores';
import { counted, formatBytes } from '@coldroom/terminal';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { failureOf, notFound, UsageError, type ExitCode, type Failure } from '../failure';
import { styled } from '../output';
import { parseIds } from '../targets';

interface Options {
  readonly all?: boolean;
  readonly dryRun?: boolean;
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
    .option('--by <name>', 'who decides (default: the user of the system)')
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
    .option('--by <name>', 'who decides (default: the user of the system)')
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
    const ids = options.all ? await register.requests.inState('New') : named;
    const results: Decided[] = [];
    for (const id of ids) results.push(await decideOne(register, decision, id, options));
    return results;
  });
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

async function decideOne(
  register: Register,
  decision: Decided['decision'],
  id: bigint,
  { dryRun, by = person(), reason, store }: Options,
): Promise<Decided> {
  try {
    const request = await register.requests.get(id);
    if (!request) throw notFound(`request ${id}`, 'NO_SUCH_REQUEST', '"coldroom requests list" shows all');
    const facts = { request: id, decision, files: request.files, bytes: request.bytes };
    if (dryRun)
      return {
        ...facts,
        done: request.state === 'New',
        ...(request.state === 'New'
          ? {}
          : { error: { code: 'REQUEST_DECIDED', message: `Request ${id} is ${request.state} already` } }),
      };
    if (decision === 'approve') await register.requests.approve(id, by, store ?? null);
    else await register.requests.decline(id, by, reason ?? null);
    return { ...facts, done: true };
  } catch (error) {
    const { code, message, exitCode: severity } = failureOf(error);
    if (severity !== exitCodes.notFound && severity !== exitCodes.notAllowed) throw error;
    return { request: id, decision, done: false, error: { code, message } };
  }
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
