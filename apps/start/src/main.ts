import '@coldroom/runtime/require-node';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startService, type RunningService } from '@coldroom/runtime/process';
import { exitCodes, readSettings, SettingsError } from '@coldroom/runtime';
import { readable } from './log-lines';

const services: readonly string[] = ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker'];
/** Started only where they are named: they have settings of their own. */
const optional: readonly string[] = ['console', 'notifier', 'importer'];
const known = [...services, ...optional];
const firstMetricsPort = 9464;
const graceMs = 30_000;

const help = `Runs Coldroom's services in one terminal, from the settings in the environment. Ctrl-C ends them.

  npm start                              all of ${services.join(', ')}
  npm start -- --only scanner,linker     some of them
  npm start -- --only console            the web page (docs/console.md)
  npm start -- --only notifier           mail (docs/mail.md)
  npm start -- --only importer           imports into OMERO (docs/import.md)

Metrics and health of each service are served on port METRICS_PORT (default ${firstMetricsPort}) and those after it, in this order.
With --json the services' log lines are printed as they are.
docs/configure.md explains the settings.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(help);
    return exitCodes.ok;
  }
  const wanted = values.only?.split(',') ?? services;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no service ${unknown.join(', ')}; there are ${known.join(', ')}`);
    return exitCodes.usage;
  }
  if (wanted.some((name) => services.includes(name)))
    readSettings(['register', 'omero', 'originals', 'redis', 'stores', 'hold', 'fixity', 'scan', 'service']);
  if (wanted.includes('console')) readSettings(['register', 'redis', 'console', 'rights', 'service']);
  if (wanted.includes('notifier')) readSettings(['register', 'redis', 'mail', 'rights', 'service']);
  if (wanted.includes('importer'))
    readSettings(['register', 'redis', 'originals', 'imports', 'importWatch', 'importer', 'service']);
  return runUntilOneEnds(wanted, values.json ?? false);
}

async function runUntilOneEnds(names: readonly string[], json: boolean): Promise<number> {
  const port = Number(process.env.METRICS_PORT ?? firstMetricsPort);
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const running = names.map((name) =>
    startService({
      name,
      main: join(__dirname, '..', '..', name, 'dist', 'main.js'),
      env: { ...env, METRICS_PORT: String(port === 0 ? 0 : port + known.indexOf(name)) },
      onLine: (line) => console.log(json ? line : readable(line, name)),
    }),
  );
  let asked = false;
  const stopAll = (): void => {
    asked = true;
    for (const service of running) void service.stop(graceMs);
  };
  process.on('SIGINT', stopAll);
  process.on('SIGTERM', stopAll);
  const first = await Promise.race(running.map(async (service) => ({ service, exit: await service.exited })));
  if (!asked)
    console.error(
      `${first.service.name} ended (${first.exit.signal ?? `code ${first.exit.code}`}); the others are being stopped`,
    );
  await stopThem(running);
  return asked ? exitCodes.ok : first.exit.code || exitCodes.failed;
}

async function stopThem(running: readonly RunningService[]): Promise<void> {
  await Promise.all(running.map((service) => service.stop(graceMs)));
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof SettingsError ? error.message : error);
    process.exitCode = error instanceof SettingsError ? exitCodes.settings : exitCodes.failed;
  },
);
