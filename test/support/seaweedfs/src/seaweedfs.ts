import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, startServer, type LocalServer } from '@coldroom/local';

/** An S3 server with one account and no bucket; path style, plain http, any region. */
export interface LocalSeaweedfs extends LocalServer {
  readonly accessKey: string;
  readonly secretKey: string;
}

const parts = ['master', 'volume', 'filer'] as const;

/** Starts SeaweedFS on free ports of 127.0.0.1, with its data in `dir`. Needs some 10 s. */
export async function startSeaweedfs(program: string, { dir }: { readonly dir: string }): Promise<LocalSeaweedfs> {
  const home = join(resolve(dir), 'seaweedfs-data');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const [accessKey, secretKey] = [`local${randomBytes(6).toString('hex')}`, randomBytes(20).toString('hex')];
  const settings = join(home, 's3.json');
  const credentials = [{ accessKey, secretKey }];
  const identities = [{ name: 'coldroom', credentials, actions: ['Admin', 'Read', 'List', 'Tagging', 'Write'] }];
  writeFileSync(settings, JSON.stringify({ identities }), { mode: 0o600 });
  // Its ports for gRPC are otherwise 10,000 above the others, which may be none.
  const ports: string[] = [`-s3.port.grpc=${await freePort()}`];
  for (const part of parts) ports.push(`-${part}.port=${await freePort()}`, `-${part}.port.grpc=${await freePort()}`);
  const server = await startServer({
    name: 'SeaweedFS',
    command: (port) => [
      ...[program, 'server', `-dir=${home}`, '-ip=127.0.0.1', ...ports],
      ...['-s3', `-s3.port=${port}`, `-s3.config=${settings}`],
      // Each bucket takes seven volumes.
      ...['-volume.max=4000', '-master.volumeSizeLimitMB=1024'],
    ],
    logFile: join(home, 'seaweedfs.log'),
    stopSignal: 'SIGTERM',
    ready: (port) => answersAsS3(`http://127.0.0.1:${port}`),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    how: `SeaweedFS (S3) on 127.0.0.1:${server.port}, data in ${home}`,
    accessKey,
    secretKey,
    stop: server.stop,
  };
}

/** Without a signature, a server that is ready answers 403. */
async function answersAsS3(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return status === 403 || status === 200;
  } catch {
    return false;
  }
}
