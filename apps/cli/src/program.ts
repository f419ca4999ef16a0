import { CommanderError } from 'commander';
import { failureOf, type ExitCode } from '@coldroom/operations';
import { exitCodes, SettingsError } from '@coldroom/runtime';
import { CliCommand } from './command';
import { addAdopt } from './commands/adopt';
import { addAudit } from './commands/audit';
import { addBackup } from './commands/backup';
import { addBuffer } from './commands/buffer';
import { addDoctor } from './commands/doctor';
import { addDrill } from './commands/drill';
import { addFilesList } from './commands/files-list';
import { addFilesAbandon, addFilesRetry } from './commands/files-stuck';
import { addFilesShow } from './commands/files-show';
import { addImport } from './commands/import';
import { addImports } from './commands/imports';
import { addMailChoices, addMailList, addMailRetry, addMailTest } from './commands/mail';
import { addMigrate } from './commands/migrate';
import { addMove } from './commands/move';
import { addRelink } from './commands/relink';
import { addPull } from './commands/pull';
import { addPolicies } from './commands/policies';
import { addRebuild } from './commands/rebuild';
import { addReport } from './commands/report';
import { addRequestsDecide } from './commands/requests-decide';
import { addRequestsKept } from './commands/requests-kept';
import { addRequestsList } from './commands/requests-list';
import { addRequestsShow } from './commands/requests-show';
import { addRetrievals } from './commands/retrievals';
import { addRecall, addRestore } from './commands/retrieve';
import { addScan } from './commands/scan';
import { addStatus } from './commands/status';
import { addResume, addStop } from './commands/stop';
import { addStore } from './commands/store';
import { addTokens } from './commands/tokens';
import { addUndo } from './commands/undo';
import { addVerify } from './commands/verify';
import { addWatch } from './commands/watch';
import { NotConfirmed } from './context';
import { Output } from './output';

const codes = `
Exit codes:
  0 ok, 1 failed, 2 usage error, 3 partly done, 4 not found, 5 try again later, 10 bad settings, 11 busy, 12 not allowed`;

/** Runs one command line; resolves with its exit code and never rejects. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  const json = argv.includes('--json');
  let exitCode: ExitCode = exitCodes.ok;
  const program = build(json, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return ofCommander(error, json);
    const out = new Output(json);
    if (error instanceof NotConfirmed) {
      out.note('Nothing was changed.');
      return exitCodes.failed;
    }
    const { stack, ...failure } = failureOf(error);
    out.failure({ error: failure }, [
      stack === undefined
        ? `coldroom: ${failure.message}`.split('\n')
        : ['This should not have happened:', stack.split('\n')],
      error instanceof SettingsError &&
        'Settings are read from the environment, or from the file that --env names; "coldroom doctor" checks all of them.',
    ]);
    return failure.exitCode;
  }
}

/** All commands. */
export function build(json: boolean, ended: (code: ExitCode) => void): CliCommand {
  const program = new CliCommand('coldroom')
    .description(
      'Archives the pixel data of an OMERO server: what was asked for, what is under way, and what people decide.',
    )
    .option('--json', 'give one JSON document instead of tables; errors too, on standard error')
    .option('--env <file>', 'read settings from a file of KEY=value lines; they stand above the environment')
    .option('--server <url>', 'use the REST API of this console instead of the databases, where a command can')
    .option('--token-file <file>', 'with --server: a file with an access token, which others must not be able to read')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => {
        if (!json) write(text.replace(/^error: /, 'coldroom: '));
      },
    })
    .addHelpText('after', codes)
    .hook('postAction', (_program, command) => ended((command as CliCommand).exitCode));

  addScan(program);
  const requests = program.command('requests').description('what people asked to archive: look, approve, decline');
  for (const add of [addRequestsList, addRequestsShow, addRequestsKept, addRequestsDecide]) add(requests);
  const files = program.command('files').description('single files: look, try again, give up');
  for (const add of [addFilesList, addFilesShow, addFilesRetry, addFilesAbandon]) add(files);
  for (const add of [
    addStatus,
    addReport,
    addWatch,
    addUndo,
    addRestore,
    addRecall,
    addRetrievals,
    addImport,
    addImports,
    addPull,
    addBuffer,
    addMove,
    addPolicies,
    addRelink,
    addStop,
    addResume,
  ])
    add(program);
  const mail = program.command('mail').description('mail to people: try the settings, look, send again');
  for (const add of [addMailTest, addMailList, addMailRetry, addMailChoices]) add(mail);
  for (const add of [
    addVerify,
    addStore,
    addMigrate,
    addBackup,
    addDrill,
    addRebuild,
    addAdopt,
    addDoctor,
    addAudit,
    addTokens,
  ])
    add(program);
  if (!json) pointToHelp(program, 'coldroom');
  return program;
}

function pointToHelp(command: CliCommand, name: string): void {
  command.showHelpAfterError(`"${name} --help" shows how it is called`);
  for (const each of command.commands as readonly CliCommand[]) pointToHelp(each, `${name} ${each.name()}`);
}

/** Requested help is no failure; anything else that the parser reports is a usage error. */
function ofCommander(error: CommanderError, json: boolean): ExitCode {
  if (error.exitCode === 0) return exitCodes.ok;
  if (json && error.code !== 'commander.help') {
    new Output(json).failure(
      { error: { code: 'USAGE', message: error.message.replace(/^error: /, ''), exitCode: exitCodes.usage } },
      [],
    );
  }
  return exitCodes.usage;
}
