import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { persist, type Agent } from './agent';
import { freeSet } from './free/free-set';
import { localPath, shown } from './local-path';
import { Server } from './server/server';
import { follow } from './set/follow';
import { prepare, type SetWish } from './set/prepare';
import { Records, type SetRecord } from './set/records';
import { sendSet } from './set/send-set';
import { lookOf } from './set/walk';
import { defaultSettings, readSettings, readToken, type AgentSettings } from './settings';
import { Gate } from './watch/gate';
import { Watch } from './watch/watch';

/** As those of coldroom. */
const exit = { done: 0, failed: 1, settings: 10, stopped: 130 } as const;

const mostChanges = 5;
/** Then the next set has its turn. */
const attemptsOfARound = 6;

const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopped.abort(new Error(`stopped by ${name}`)));

interface Shared {
  readonly config: string;
  readonly json?: boolean;
}

interface SendOptions extends Shared {
  readonly target: string;
  readonly as: string;
  readonly group?: string;
  readonly transfer?: string;
  readonly name?: string;
  readonly description?: string;
  readonly remove?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

async function agentFrom(settings: AgentSettings & { readonly state: string }, attempts: number): Promise<Agent> {
  const token = await readToken(settings);
  return {
    server: new Server(settings.server, token, stopped.signal),
    records: await Records.open(settings.state),
    gate: new Gate(settings),
    signal: stopped.signal,
    attempts,
    pollMs: Math.min(settings.every, 30_000),
    say: (line) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`),
  };
}

async function send(given: string, options: SendOptions): Promise<number> {
  const settings = await readSettings(options.config);
  const directory = localPath(resolve(given));
  if (options.dryRun) {
    const { files, bytes } = await lookOf(directory);
    answer(
      options,
      { directory: shown(directory), files, bytes: `${bytes}`, person: options.as, target: options.target },
      `${shown(directory)}: ${files} files, ${bytes} bytes, for ${options.as}, into ${options.target}. Nothing was sent.`,
    );
    return exit.done;
  }
  const agent = await agentFrom(settings, Infinity);
  const { as: person, target, group, transfer, name, description, remove } = options;
  const wish = { directory, person, target, group, transfer, name, description, removeAfterMs: remove ? 0 : null };
  let record = await sent(agent, wish);
  while (options.wait && record.phase === 'ordered') {
    record = await follow(agent, record);
    if (isAtItsEnd(record)) break;
    if (record.phase === 'ordered') await sleep(agent.pollMs, undefined, { signal: agent.signal });
  }
  if (remove && (record.phase === 'proven' || record.phase === 'removing')) record = await freeSet(agent, record);
  answer(options, record, lineOf(record));
  return isGood(record, options) ? exit.done : exit.failed;
}

/** A set that changes while it is sent is sent again from the start, a few times. */
async function sent(agent: Agent, wish: SetWish): Promise<SetRecord> {
  for (let attempt = 1; ; attempt += 1)
    try {
      const record = await persist(agent, () => prepare(agent, wish));
      return record.phase === 'sending' ? await sendSet(agent, record) : record;
    } catch (error) {
      if (codeOf(error) !== 'SET_CHANGED' || attempt === mostChanges) throw error;
      agent.say(messageOf(error));
    }
}

/** The import goes on only if a person has it go on, or it is over and OMERO does not have all. */
const isAtItsEnd = ({ phase, state }: SetRecord): boolean =>
  phase === 'ordered' && ['stuck', 'done', 'emptied'].includes(state ?? '');

const isGood = ({ phase }: SetRecord, { wait, remove }: SendOptions): boolean =>
  remove && wait ? phase === 'freed' : ['proven', 'freed'].includes(phase) || (!wait && phase === 'ordered');

async function watch({ config }: Shared): Promise<number> {
  const settings = await readSettings(config);
  if (settings.watch.length === 0) throw new Refused('AGENT_SETTINGS', `"watch" in ${config} names no directory.`);
  const agent = await agentFrom(settings, attemptsOfARound);
  agent.say(`watches ${settings.watch.map(({ directory }) => directory).join(', ')}`);
  await new Watch(agent, settings).run();
  return exit.done;
}

async function status(options: Shared): Promise<number> {
  const { state } = await readSettings(options.config);
  const records = await (await Records.open(state)).all();
  answer(
    options,
    { sets: records },
    records.length === 0 ? 'Nothing was sent from here.' : records.map(lineOf).join('\n'),
  );
  return exit.done;
}

function lineOf({ shown: path, phase, order, state, note }: SetRecord): string {
  return [
    path,
    phase,
    ...(order === null ? [] : [`import ${order} ${state ?? ''}`]),
    ...(note === null ? [] : [note]),
  ].join(': ');
}

function answer({ json }: Shared, document: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : text}\n`);
}

async function run(act: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await act();
  } catch (error) {
    process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
    process.exitCode = stopped.signal.aborted
      ? exit.stopped
      : codeOf(error) === 'AGENT_SETTINGS'
        ? exit.settings
        : exit.failed;
  }
}

const program = new Command('coldroom-agent').description(
  'sends data of this workstation to Coldroom, and orders its import into OMERO',
);
const command = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--config <file>', 'the settings of this workstation', defaultSettings)
    .option('--json', 'answer as JSON');
command('send', 'send one set, and wait until OMERO is proven to have it')
  .argument('<directory>')
  .requiredOption('--target <target>', 'Dataset:5, Screen:3, Dataset:name:NAME')
  .requiredOption('--as <login>', 'the OMERO user who will have the images')
  .option('--group <name>', 'one of their groups; needed if they have several')
  .option('--transfer <mode>', 'how OMERO takes the files; the first one of the buffer without it')
  .option('--name <text>', 'the name of the images')
  .option('--description <text>', 'their description')
  .option('--remove', 'remove the copy here once it is proven')
  .option('--no-wait', 'only until the import is ordered')
  .option('--dry-run', 'only say what would be sent')
  .action((directory: string, options: SendOptions) => run(() => send(directory, options)));
command('watch', 'send what is complete in the watched directories, until it is stopped').action((options: Shared) =>
  run(() => watch(options)),
);
command('status', 'what was sent from here').action((options: Shared) => run(() => status(options)));

void program.parseAsync();
