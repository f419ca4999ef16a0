import { execFile } from 'node:child_process';
import { mkdtempDisposable, readdir, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import type { Settings } from '@coldroom/runtime';
import { examine, fault, ok, type Finding } from '../findings';
import { denied } from '../sample-files';

/** Of the importer, with the `PATH` that it has. */
export type ImporterSettings = Settings<'importer'> & { readonly path: string };

export interface Ran {
  /** Null for a program that could not be started, or was killed. */
  readonly code: number | null;
  readonly output: string;
  readonly message: string;
}

const limitMs = 60_000;

/** OMERO's command, and what it starts: Java with the jars of OMERO's client. */
export async function examinePrograms(settings: ImporterSettings): Promise<readonly Finding[]> {
  const { IMPORT_OMERO_COMMAND: command, IMPORT_OMERO_CLIENT_DIR: clientDir, path } = settings;
  return [
    ...(await examine('omero', async () => examineOmero(await runAs(command, ['version'], path), command), limitMs)),
    ...(await examine('java', async () => examineJava(await runAs('java', ['-version'], path)), limitMs)),
    ...(await examine('OMERO client', () => examineJars(clientDir))),
  ];
}

/** Runs a program with a directory of its own for what it keeps, and nothing of our settings. */
export async function runAs(
  program: string,
  words: readonly string[],
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'coldroom-doctor-'));
  const dir = directory.path;
  const own = Object.fromEntries(
    ['HOME', 'OMERODIR', 'OMERO_USERDIR', 'OMERO_TMPDIR', 'TMPDIR'].map((name) => [name, dir]),
  );
  try {
    return await new Promise((resolve) => {
      const options = { env: { PATH: path, LC_ALL: 'C.UTF-8', ...own, ...env }, cwd: dir, timeout: limitMs };
      const child = execFile(program, words, options, (error, output, message) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, output, message: message || (error?.message ?? '') });
      });
      child.stdin?.end();
    });
  } finally {
    await directory.remove();
  }
}

function examineOmero({ code, output, message }: Ran, command: string): Finding {
  const version = output.trim().split('\n').at(-1) ?? '';
  if (code === 0) return ok('omero', `${command} starts${version === '' ? '' : `, version ${version}`}`);
  return fault('omero', `${command} does not start: ${lastLine(message)}`, 'install omero-py, and name its command');
}

function examineJava({ code, message }: Ran): Finding {
  const version = message.split('\n').find((line) => /version/.test(line));
  if (code === 0) return ok('java', version ?? 'starts');
  return fault('java', `does not start: ${lastLine(message)}`, 'apt-get install default-jre-headless');
}

async function examineJars(clientDir: string): Promise<Finding> {
  const names = await readdir(clientDir).catch((error: unknown) => codeOf(error));
  const next = `copy lib/client of OMERO.server, in the version that runs, to ${clientDir}`;
  if (typeof names === 'string') return fault('OMERO client', `${clientDir} cannot be read (${names})`, next);
  const jars = names.filter((name) => name.endsWith('.jar'));
  if (jars.length === 0) return fault('OMERO client', `there are no jars in ${clientDir}`, next);
  const closed = await denied(join(clientDir, jars[0]!), constants.R_OK);
  if (closed) return fault('OMERO client', `${join(clientDir, jars[0]!)} cannot be read (${closed})`, next);
  return ok('OMERO client', `${jars.length} jars in ${clientDir}`);
}

/** Keys of open sessions are in it. */
export async function examineStateDirectory(directory: string): Promise<Finding> {
  const about = 'state directory';
  const found = await stat(directory).catch((error: unknown) => codeOf(error));
  const make = `install -d -m 0700 -o ${process.geteuid?.() ?? 'USER'} ${directory}`;
  if (found === 'ENOENT') return fault(about, `${directory} is not there`, make);
  if (typeof found === 'string') return fault(about, `${directory} cannot be looked at (${found})`, make);
  if ((found.mode & 0o077) !== 0)
    return fault(about, `others may enter ${directory}, where keys of sessions are`, `chmod 0700 ${directory}`);
  const closed = await denied(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  return closed ? fault(about, `${directory} cannot be used (${closed})`, make) : ok(about, directory);
}

/** Of what a program says; a traceback has its reason there. */
export const lastLine = (text: string): string => text.trim().split('\n').at(-1) || 'it says nothing';
