import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { omeroPython } from './python';

const asAnother = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] as const;

/**
 * The words that start OMERO's own command line. It refuses to run as root, so root is shown to it as another user, who
 * has root's files. Undefined where that or its Python cannot be had: the reason is written to standard error, as tests are
 * then skipped.
 */
export function omeroCommand(): readonly string[] | undefined {
  const python = omeroPython();
  if (python === undefined) return undefined;
  const words = [python, join(dirname(python), 'omero')];
  if (process.getuid?.() !== 0) return words;
  const [program, ...args] = asAnother;
  const { status, stderr, error } = spawnSync(program, [...args, 'true'], { encoding: 'utf8' });
  if (status === 0) return [...asAnother, ...words];
  process.stderr.write(
    `SKIPPED: tests with the omero command, which refuses to run as root: ${error?.message ?? stderr}\n`,
  );
  return undefined;
}
