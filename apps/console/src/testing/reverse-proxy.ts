import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Kind {
  readonly origin: (port: number) => string;
  /** The file of settings that passes `/coldroom/` on as docs/console.md describes, and answers the rest itself. */
  readonly settings: (port: number, backend: number, dir: string) => string;
  readonly command: (file: string, dir: string) => readonly [string, ...string[]];
}

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
} as const satisfies Record<string, Kind>;
export type ProxyKind = keyof typeof kinds;
export const proxyKinds = Object.keys(kinds) as readonly ProxyKind[];

export function isInstalled(kind: ProxyKind): boolean {
  return spawnSync(kind, [kind === 'nginx' ? '-v' : 'version'], { stdio: 'ignore' }).error === undefined;
}

/** Where people find the console: behind Caddy over HTTPS, with a certificate of its own. */
export const addressBehind = (kind: ProxyKind, port: number): string => `${kinds[kind].origin(port)}/coldroom/`;

/** Starts a real proxy in front of a console. Returns what stops it. */
export async function startProxy(kind: ProxyKind, port: number, backend: number): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), `coldroom-${kind}-`));
  chmodSync(dir, 0o755); // nginx works as a user of its own
  const file = join(dir, 'settings');
  writeFileSync(file, kinds[kind].settings(port, backend, dir));
  const [program, ...args] = kinds[kind].command(file, dir);
  const child = spawn(program, args, {
    cwd: dir,
    env: { ...process.env, HOME: dir },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (data: Buffer) => (output += String(data)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`${kind} did not start:\n${output.slice(-2000)}`);
    await sleep(50);
  }
  return async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true });
  };
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => done(true)).once('error', () => done(false));
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
  });
}
