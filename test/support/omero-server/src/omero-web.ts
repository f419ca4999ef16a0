import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '@coldroom/local';

export interface RunningOmeroWeb {
  /** With its prefix and a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

interface OmeroWebPlan {
  /** `OMERODIR`: its settings, logs and Django sessions go here. */
  readonly dir: string;
  readonly servers: ReadonlyArray<{ readonly host: string; readonly port: number; readonly name: string }>;
  /** `omero.web.prefix`, such as `/omero`. */
  readonly prefix?: string;
}

/** Starts the real OMERO.web on a free port of 127.0.0.1, under gunicorn as `omero web start` does. */
export async function startOmeroWeb(python: string, plan: OmeroWebPlan): Promise<RunningOmeroWeb> {
  const { dir, servers, prefix = '' } = plan;
  for (const name of ['etc/grid', 'var/log', 'tmp']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(
    join(dir, 'etc', 'grid', 'config.xml'),
    configXml({
      'omero.web.server_list': JSON.stringify(servers.map(({ host, port, name }) => [host, port, name])),
      // No test asks the Internet for a newer version.
      'omero.web.upgrades.url': '',
      ...(prefix ? { 'omero.web.prefix': prefix } : {}),
    }),
  );
  const { port, stop } = await startServer({
    name: 'OMERO.web',
    command: (free) => [
      ...[python, '-m', 'gunicorn', '--bind', `127.0.0.1:${free}`, '--workers', '1', '--threads', '4'],
      ...['--worker-tmp-dir', join(dir, 'tmp'), '--graceful-timeout', '1', 'omeroweb.wsgi:application'],
    ],
    env: {
      ...process.env,
      OMERODIR: dir,
      HOME: dir,
      TMPDIR: join(dir, 'tmp'),
      DJANGO_SETTINGS_MODULE: 'omeroweb.settings',
      ...(prefix ? { SCRIPT_NAME: prefix } : {}),
    },
    logFile: join(dir, 'omero-web.log'),
    stopSignal: 'SIGTERM',
    ready: (free) => answers(`http://127.0.0.1:${free}${prefix}/api/`),
  });
  return { url: `http://127.0.0.1:${port}${prefix}/`, stop };
}

/** OMERO's own file of settings, which `omero config` writes. */
function configXml(values: Readonly<Record<string, string>>): string {
  const property = ([name, value]: [string, string]): string =>
    `<property name="${name}" value="${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"/>`;
  const active = property(['omero.config.profile', 'default']);
  const settings = Object.entries({ 'omero.config.version': '5.1.0', ...values }).map(property);
  return `<icegrid><properties id="__ACTIVE__">${active}</properties><properties id="default">${settings.join('')}</properties></icegrid>\n`;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}
