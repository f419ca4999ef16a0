import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtTraefik, dynamicSettings } from '@coldroom/traefik';

interface Kind {
  readonly origin: (port: number) => string;
  /** The file of settings that passes `/coldroom/` on as docs/console.md describes, and answers the rest itself. */
  readonly settings: (port: number, backend: number, dir: string) => string;
  readonly command: (file: string, dir: string, port: number) => readonly [string, ...string[]];
}

/** The labels that docs/install-compose.md gives the console for Traefik. */
const labels = readFileSync(join(__dirname, '../../../../docs/install-compose.md'), 'utf8')
  .split('\n')
  .flatMap((line) => (line.startsWith('    traefik.') ? [line.trim()] : []));

const kinds = {
  caddy: {
    origin: (port) => `https://localhost:${port}`,
    settings: (port, backend) => `{
  admin off
  auto_https disable_redirects
  skip_install_trust
}
https://localhost:${port} {
  bind 127.0.0.1
  tls internal
  handle /coldroom/* {
    reverse_proxy 127.0.0.1:${backend}
  }
  respond "OMERO.web" 200
}
`,
    command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
  nginx: {
    origin: (port) => `http://127.0.0.1:${port}`,
    settings: (port, backend, dir) => `daemon off;
master_process off;
pid ${dir}/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${port};
    location /coldroom/ {
      proxy_pass http://127.0.0.1:${backend};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
    location / {
      return 200 "OMERO.web";
    }
  }
}
`,
    command: (file, dir) => ['nginx', '-p', dir, '-e', 'stderr', '-c', file],
  },
  traefik: {
    origin: (port) => `https://localhost:${port}`,
    settings: (_port, backend) =>
      JSON.stringify(dynamicSettings(labels, { host: 'localhost', backend: `http://127.0.0.1:${backend}` })),
    command: (file, _dir, port) => [
      builtTraefik() ?? 'traefik',
      ...[`--entryPoints.web.address=127.0.0.1:${port}`, '--log.level=WARN'],
      ...[`--providers.file.filename=${file}`, '--providers.file.watch=false'],
      ...['--global.checkNewVersion=false', '--global.sendAnonymousUsage=false'],
    ],
  },
} as const satisfies Record<string, Kind>;
export type ProxyKind = keyof typeof kinds;
export const proxyKinds = Object.keys(kinds) as readonly ProxyKind[];

/** Why this machine cannot start it; undefined if it can. */
export function whyMissing(kind: ProxyKind): string | undefined {
  if (kind === 'traefik') return builtTraefik() ? undefined : 'run `npm run test:traefik`, which needs Go';
  const { error } = spawnSync(kind, [kind === 'nginx' ? '-v' : 'version'], { stdio: 'ignore' });
  return error === undefined ? undefined : `${kind} is not installed`;
}

/** Where people find the console: behind Caddy and Traefik over HTTPS, with certificates of their own. */
export const addressBehind = (kind: ProxyKind, port: number): string => `${kinds[kind].origin(port)}/coldroom/`;

/** Starts a real proxy in front of a console that is running. Returns what stops it. */
export async function startProxy(kind: ProxyKind, port: number, backend: number): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), `coldroom-${kind}-`));
  chmodSync(dir, 0o755); // nginx works as a user of its own
  const file = join(dir, 'settings.yaml');
  writeFileSync(file, kinds[kind].settings(port, backend, dir));
  const [program, ...args] = kinds[kind].command(file, dir, port);
  const child = spawn(program, args, {
    cwd: dir,
    env: { ...process.env, HOME: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += String(data)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (let tries = 0; !(await passesOn(addressBehind(kind, port))); tries += 1) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`${kind} did not start:\n${output.slice(-2000)}`);
    await sleep(50);
  }
  return async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true });
  };
}

/** True once it passes requests on: Traefik listens before it has its settings, and answers 404 until then. */
function passesOn(url: string): Promise<boolean> {
  const send = url.startsWith('https') ? secureRequest : plainRequest;
  return new Promise((resolve) => {
    send(url, { rejectUnauthorized: false, signal: AbortSignal.timeout(2000) }, (answer) => {
      answer.resume();
      resolve(answer.statusCode !== 404 && answer.statusCode !== 502);
    })
      .once('error', () => resolve(false))
      .end();
  });
}
