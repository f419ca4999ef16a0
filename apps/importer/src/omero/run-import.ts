import { transferModes, type TransferMode } from '@coldroom/domain';
import { hintsOf, type FilesetHint } from './hints';
import { lastLines } from './last-lines';
import { runOmero, type OmeroEnd, type OmeroSettings } from './omero-command';
import { pathLines } from './paths';

export type SkippedStep = 'checksum' | 'minmax' | 'thumbnails' | 'upgrade';

export interface AttemptOrder {
  /** Of the session of this attempt alone. */
  readonly sessionKey: string;
  /** The files that are opened, one for each fileset; absolute paths. */
  readonly paths: readonly Buffer[];
  readonly transfer: TransferMode;
  /** As `omero import --target` takes it, such as `Dataset:id:5`; none: OMERO's orphaned images. */
  readonly target?: string;
  readonly name?: string;
  readonly description?: string;
  /** `checksumalgorithm.value`, such as `SHA1-160`. */
  readonly checksumAlgorithm: string;
  readonly skip: readonly SkippedStep[];
  /** Standard error of the attempt is appended to this file. */
  readonly log: string;
  readonly signal?: AbortSignal;
}

/** How an attempt ended. It does not say what was imported: only OMERO's database does (`judgeAttempt`). */
export interface AttemptEnd {
  readonly exitCode: number | null;
  readonly killed?: OmeroEnd['killed'];
  /** What it printed; there may be more in OMERO, and less. */
  readonly hints: readonly FilesetHint[];
  readonly log: string;
  /** Of what it said, without secrets. */
  readonly lastLines: string;
}

/**
 * Runs `omero import` once, and resolves however it ends. Afterwards the session has to be closed, and then what it made has
 * to be read. `Refused` `IMPORT_NAME_NOT_POSSIBLE`, `OMERO_COMMAND_MISSING` before anything was started; `Transient`
 * `OMERO_COMMAND_STILL_RUNS`: it may still import.
 */
export async function runImport(settings: OmeroSettings, order: AttemptOrder): Promise<AttemptEnd> {
  const end = await runOmero(settings, {
    args: importWords(settings, order),
    input: pathLines(order.paths),
    log: order.log,
    secrets: [order.sessionKey],
    ...(order.signal ? { signal: order.signal } : {}),
  });
  return {
    exitCode: end.code,
    ...(end.killed ? { killed: end.killed } : {}),
    hints: hintsOf(end.output),
    log: order.log,
    lastLines: lastLines(end.message),
  };
}

function importWords({ host, port, clientDir }: OmeroSettings, order: AttemptOrder): readonly string[] {
  // The types exclude them already. OMERO's *_rm modes remove sources without a look at what was imported.
  if (!transferModes.includes(order.transfer)) throw new RangeError(`${order.transfer} is not allowed`);
  // omero-py skips checksums by setting the algorithm itself, and Java refuses two.
  const skipsChecksum = order.skip.includes('checksum');
  const given = (name: string, value: string | undefined): readonly string[] =>
    value === undefined || value === '' ? [] : [`--${name}=${value}`];
  return [
    'import',
    ...['-s', host, '-p', String(port), '-k', order.sessionKey],
    `--clientdir=${clientDir}`,
    '--output=yaml',
    `--transfer=${order.transfer}`,
    ...given('target', order.target),
    ...given('name', order.name),
    ...given('description', order.description),
    ...(skipsChecksum ? [] : [`--checksum-algorithm=${order.checksumAlgorithm}`]),
    ...order.skip.map((step) => `--skip=${step}`),
    '-',
  ];
}
