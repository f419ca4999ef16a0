import { execFile, execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cephSettings, type CephPlace } from './ceph-settings';
import { haveProgram } from './debian-packages';
import { freePort, startServer, type LocalServer, type ServerProcess } from './server-process';

/** An S3 server with one account and no bucket; path style, plain http, region `default`. */
export interface LocalS3 extends LocalServer {
  readonly accessKey: string;
  readonly secretKey: string;
  /** For `radosgw-admin` and `ceph`: quotas and the like, by CEPH_CONF. */
  readonly cephConf: string;
}

interface Ceph extends CephPlace {
  readonly disk: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const packages = ['ceph-mon', 'ceph-osd', 'ceph-common', 'radosgw'];
const account = 'coldroom';
const run = promisify(execFile);

/**
 * Starts a Ceph RADOS Gateway on a free port of 127.0.0.1, with its data in `dir` (created at the first call, reused
 * after that). Needs some 10 s and 250 MB. Packages of Debian or Ubuntu; apt-get installs them if that is possible
 * without a prompt. On Linux it ends by itself when this process dies.
 */
export async function startS3({ dir }: { readonly dir: string }): Promise<LocalS3> {
  const installed = haveProgram('radosgw', packages);
  const home = join(resolve(dir), 's3-data');
  const ceph = existsSync(join(home, 'ceph.json'))
    ? (JSON.parse(readFileSync(join(home, 'ceph.json'), 'utf8')) as Ceph)
    : await makeCeph(home);
  const cephConf = join(home, 'ceph.conf');
  const env = { ...process.env, CEPH_CONF: cephConf };
  const running: ServerProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const each of running.toReversed()) await each.stop();
  };
  try {
    const start = async (
      name: string,
      command: readonly string[],
      port: number,
      ready: (port: number) => Promise<boolean>,
    ): Promise<void> => {
      running.push(
        await startServer({
          name,
          command: () => command,
          port,
          env,
          logFile: join(home, `${name}.out`),
          stopSignal: 'SIGTERM',
          ready,
        }),
      );
    };
    await start('ceph-mon', ['ceph-mon', '-f', '-i', 'a'], ceph.monitorPort, accepts);
    await prepareDisk(home, ceph.disk, env);
    await start('ceph-osd', ['ceph-osd', '-f', '-i', '0'], 0, async () => true); // the gateway waits for it
    const gateway = await startServer({
      name: 'radosgw',
      logFile: join(home, 'radosgw.out'),
      env,
      stopSignal: 'SIGTERM',
      ready: answersHttp,
      command: (port) => [
        'radosgw',
        '-f',
        '-n',
        'client.rgw.s3',
        `--rgw-frontends=beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
      ],
    });
    running.push(gateway);
    await makeAccount(ceph, env);
    return {
      url: `http://127.0.0.1:${gateway.port}`,
      how: `Ceph RADOS Gateway (S3) on 127.0.0.1:${gateway.port}, data in ${home}${installed ? ` (${packages.join(', ')} were installed by apt-get)` : ''}`,
      accessKey: ceph.accessKey,
      secretKey: ceph.secretKey,
      cephConf,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The keys and the monitor's first data, under another name until they are complete. */
async function makeCeph(home: string): Promise<Ceph> {
  const ceph: Ceph = {
    home,
    cluster: randomUUID(),
    monitorPort: await freePort(),
    disk: randomUUID(),
    accessKey: `local${randomBytes(6).toString('hex')}`,
    secretKey: randomBytes(20).toString('hex'),
  };
  rmSync(home, { recursive: true, force: true });
  for (const each of ['monitor', 'disk']) mkdirSync(join(home, each), { recursive: true, mode: 0o700 });
  const env = { ...process.env, CEPH_CONF: join(home, 'ceph.conf') };
  const call = (program: string, ...args: string[]): Buffer =>
    execFileSync(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  writeFileSync(join(home, 'ceph.conf'), cephSettings(ceph));
  const keyring = join(home, 'keyring');
  writeFileSync(keyring, '', { mode: 0o600 });
  const grant = (name: string, rights: Readonly<Record<string, string>>): Buffer =>
    call(
      'ceph-authtool',
      keyring,
      '--gen-key',
      '-n',
      name,
      ...Object.entries(rights).flatMap(([what, right]) => ['--cap', what, right]),
    );
  grant('mon.', { mon: 'allow *' });
  grant('client.admin', { mon: 'allow *', osd: 'allow *' });
  grant('osd.0', { mon: 'allow profile osd', osd: 'allow *' });
  grant('client.rgw.s3', { mon: 'allow rw', osd: 'allow rwx' });
  const map = join(home, 'monmap');
  call('monmaptool', '--create', '--fsid', ceph.cluster, '--addv', 'a', `[v2:127.0.0.1:${ceph.monitorPort}]`, map);
  call('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
  writeFileSync(join(home, 'ceph.json.new'), JSON.stringify(ceph), { mode: 0o600 });
  renameSync(join(home, 'ceph.json.new'), join(home, 'ceph.json'));
  return ceph;
}

async function prepareDisk(home: string, disk: string, env: NodeJS.ProcessEnv): Promise<void> {
  const ready = join(home, 'disk-ready');
  if (existsSync(ready)) return;
  await run('ceph', ['--connect-timeout', '30', 'osd', 'new', disk, '0'], { env });
  await run('ceph-osd', ['--mkfs', '-i', '0', '--osd-uuid', disk], { env });
  writeFileSync(ready, '');
}

async function makeAccount({ home, accessKey, secretKey }: Ceph, env: NodeJS.ProcessEnv): Promise<void> {
  const made = join(home, 'account-made');
  if (existsSync(made)) return;
  await run(
    'radosgw-admin',
    [
      'user',
      'create',
      `--uid=${account}`,
      `--display-name=${account}`,
      `--access-key=${accessKey}`,
      `--secret-key=${secretKey}`,
      '--max-buckets=0',
    ],
    { env },
  );
  writeFileSync(made, '');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => settle(false));
  });
}

function answersHttp(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const request = get({ port, host: '127.0.0.1', timeout: 2_000 }, (response) => {
      response.resume();
      settle(response.statusCode === 200);
    });
    request.once('error', () => settle(false));
    request.once('timeout', () => request.destroy());
  });
}
