import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The Python programs beside this package's sources. */
export const programs = join(__dirname, '..', 'python');

/**
 * A Python that has OMERO's client library and OMERO.web, kept in the user's cache directory. The first call on a
 * machine takes minutes, as a part is compiled. Undefined where it cannot be had: the reason is written to standard error,
 * as tests are then skipped.
 */
export function omeroPython(): string | undefined {
  try {
    return execFileSync(
      'python3',
      [join(programs, 'install', 'environment.py'), join(homedir(), '.cache', 'coldroom-tests')],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 40 * 60_000 },
    ).trim();
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    process.stderr.write(
      `SKIPPED: tests with OMERO's own Python programs, as they cannot be had here: ${stderr || message}\n`,
    );
    return undefined;
  }
}
