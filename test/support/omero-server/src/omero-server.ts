import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startServer } from '@coldroom/local';
import { makeCertificate } from './certificate';
import { programs } from './python';

export interface RunningOmeroServer {
  /** What OMERO.web's list of servers names. */
  readonly port: number;
  stop(): Promise<void>;
}

interface OmeroServerPlan {
  /** Its certificate and its log go here. */
  readonly dir: string;
  /** A sample OMERO's. */
  readonly databaseUrl: string;
  /** What it says its version is; a current one if not given. */
  readonly version?: string;
  /** Settings of the server, such as `omero.client.…`, which clients read. */
  readonly config?: Readonly<Record<string, string>>;
  /** A Python with another version of OMERO's client library, to run scripts. */
  readonly scriptPython?: string;
  /** Scripts start where OMERO's modules are loaded already, which saves a second each. */
  readonly preparedScripts?: boolean;
  /** Seconds that a script may take; 600 if not given. */
  readonly scriptTimeout?: number;
  /** Where it must be found again after a stop. */
  readonly port?: number;
}

const run = promisify(execFile);

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, PYTHONPATH: programs, PYTHONDONTWRITEBYTECODE: '1' });

/** Closes sessions of the server at this port, whoever uses them. */
export async function endOmeroSessions(python: string, port: number, uuids: readonly string[]): Promise<void> {
  const args = ['-m', 'omero_server.end_sessions', String(port), ...uuids];
  await run(python, args, { env: environment(), timeout: 60_000 });
}

/** Starts the server side of OMERO's protocol on a free port of 127.0.0.1. */
export async function startOmeroServer(python: string, plan: OmeroServerPlan): Promise<RunningOmeroServer> {
  mkdirSync(plan.dir, { recursive: true });
  const { certificate, key } = makeCertificate(plan.dir);
  const tcpPort = await freePort();
  return startServer({
    name: 'OMERO.server',
    command: (port) => [
      ...[python, '-m', 'omero_server', '--database', plan.databaseUrl],
      ...['--ssl-port', String(port), '--tcp-port', String(tcpPort), '--certificate', certificate, '--key', key],
      ...['--files', join(plan.dir, 'omero-files')],
      ...(plan.preparedScripts ? ['--prepared-scripts'] : []),
      ...(plan.scriptPython ? ['--script-python', plan.scriptPython] : []),
      ...Object.entries(plan.config ?? {}).flatMap(([name, value]) => ['--config', `${name}=${value}`]),
      ...(plan.scriptTimeout ? ['--script-timeout', String(plan.scriptTimeout)] : []),
      ...(plan.version ? ['--version', plan.version] : []),
    ],
    ...(plan.port ? { port: plan.port } : {}),
    env: environment(),
    logFile: join(plan.dir, 'omero-server.log'),
    stopSignal: 'SIGTERM',
    ready: listens,
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    for (const event of ['connect', 'error', 'timeout']) socket.once(event, () => settle(event === 'connect'));
  });
}
