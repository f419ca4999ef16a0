import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { UsageError, type ExitCode } from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import type { Lines } from '@coldroom/terminal';
import { Context, type ContextOptions } from './context';

/** What a command ends with: the same as a document for `--json` and as lines for people. */
export interface Result {
  readonly document: unknown;
  readonly lines: Lines;
  readonly exitCode?: ExitCode;
}

/** The options of a command that changes something; see `CliCommand`. */
export interface ChangeOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly by: string;
}

/** A command with the options that many of them share. */
export class CliCommand extends Command {
  exitCode: ExitCode = exitCodes.ok;

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  /** @param text what is shown instead of done */
  dryRun(text: string): this {
    return this.option('--dry-run', text);
  }

  yes(): this {
    return this.option('--yes', 'do not ask before something changes');
  }

  by(): this {
    return this.addOption(
      new Option('--by <name>', 'the person to record in the register').default(person(), 'the user of the system'),
    );
  }

  /** Below the help of the command. */
  examples(...lines: readonly string[]): this {
    return this.addHelpText(
      'after',
      `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  $ coldroom ${line}`).join('\n')}`,
    );
  }

  /** Does the work with the command's arguments and options, and prints the result. */
  runs<A extends unknown[]>(work: (context: Context, ...args: A) => Promise<Result>): this {
    return this.action(async (...args) => {
      const options: ContextOptions = this.optsWithGlobals();
      if (options.server !== undefined && this.getOptionValueSource('by') === 'cli')
        throw new UsageError('--by cannot be used with --server: the register records the name of the token');
      const context = new Context(options);
      const { document, lines, exitCode = exitCodes.ok } = await work(context, ...(args as unknown as A));
      context.out.result(document, lines);
      this.exitCode = exitCode;
    });
  }
}

/** The person who decides, as far as the system knows. */
function person(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // containers often have no name for it
  }
}
