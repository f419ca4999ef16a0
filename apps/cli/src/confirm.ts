import { createInterface } from 'node:readline/promises';
import { UsageError } from '@coldroom/operations';

/**
 * Asks a person before something changes; `yes` answers for them. Without a terminal to ask on, `--yes` is required.
 */
export async function confirmed(
  question: string,
  { yes, json }: { readonly yes: boolean; readonly json: boolean },
): Promise<boolean> {
  if (yes) return true;
  if (json || !process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(
      'This changes something and there is nobody to ask: repeat with --yes, or look first with --dry-run',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
