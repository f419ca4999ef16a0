import '@coldroom/runtime/require-node';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ran, run, repository } from '../run';
import { backUpAndWorkOn } from './back-up';
import { runCronJobs } from './cron-jobs';
import { bytesOf, faultsOfImage, faultsOfImporterImage } from './image';
import { walkOwners } from './owners';
import { restoreLostRegister } from './restore-register';
import { Stack } from './stack';
import { walkTenSteps } from './ten-steps';
import {
  archiveUnderFire,
  install,
  lookAtMetrics,
  startPrometheus,
  takeDown,
  upgradeWhileRestoring,
  visitConsole,
  type Walk,
} from './walk';

const base = 'node:24-bookworm-slim';
const image = 'coldroom-test';
const next = 'coldroom-test:next';
const sample = 'coldroom-test-sample';
const backupImage = 'coldroom-test-backup';
const importerImage = 'coldroom-test-importer';
const neededImages = [base, 'redis:7-bookworm', 'postgres:16', 'caddy:2', 'prom/prometheus:v2.53.5'];

const started = Date.now();
const say = (line: string): void =>
  console.log(`[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${line}`);

async function main(): Promise<number> {
  if ((await run('docker', ['info']).catch(() => ({ code: -1 }))).code !== 0) {
    console.error(
      'No Docker engine answers: install and start Docker (Debian: apt-get install docker.io docker-compose).',
    );
    return 1;
  }
  await haveBaseImages();
  if (process.env['IMAGES'] !== 'built') await buildImages();
  const faults = [...(await faultsOfImage(image, base)), ...(await faultsOfImporterImage(importerImage))];
  if (faults.length > 0) throw new Error(`the images have faults:\n${faults.join('\n')}`);
  say(
    `the image has no surprises, and ${(((await bytesOf(image)) - (await bytesOf(base))) / 1e6).toFixed(0)} MB above its base`,
  );
  if (process.argv[2] === 'steps') {
    await walkTenSteps({ coldroom: image, sample }, say);
    return 0;
  }
  const secrets = mkdtempSync(join(tmpdir(), 'coldroom-secrets-'));
  await ran('sh', ['deploy/make-secrets.sh', secrets]);
  const [consolePort, httpPort, httpsPort, prometheusPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const settings = {
    OMERO_SAMPLE: 'coldroom-test',
    COLDROOM_SECRETS: secrets,
    COLDROOM_STORE: 'store',
    COLDROOM_IMAGE: image,
    COLDROOM_SAMPLE_IMAGE: sample,
    COLDROOM_HOLD: '1s',
    COLDROOM_URL: `https://localhost:${httpsPort}/coldroom/`,
    CONSOLE_PUBLISH: `127.0.0.1:${consolePort}`,
    HTTP_PUBLISH: `127.0.0.1:${httpPort}`,
    HTTPS_PUBLISH: `127.0.0.1:${httpsPort}`,
    PROMETHEUS_PUBLISH: `127.0.0.1:${prometheusPort}`,
    DOCKER_VOLUMES: `${(await ran('docker', ['info', '--format', '{{.DockerRootDir}}'])).trim()}/volumes`,
  };
  const open = async (env: Readonly<Record<string, string>>): Promise<Stack> => {
    const stack = await Stack.find('coldroom-test', { ...settings, ...env });
    await stack.remove();
    return stack;
  };
  if (process.argv[2] === 'owners') {
    await walkOwners(open, say);
    rmSync(secrets, { recursive: true });
    return 0;
  }
  const stack = await open({});
  const walk: Walk = { stack, say, httpsPort, prometheusPort };
  try {
    await install(walk);
    await startPrometheus(walk);
    await archiveUnderFire(walk);
    await upgradeWhileRestoring(walk, next);
    const upgraded = { ...walk, stack: stack.with({ COLDROOM_IMAGE: next }) };
    const backups = { secrets, directory: join(secrets, 'backups'), image: backupImage };
    const withBackups = await backUpAndWorkOn(upgraded, backups);
    await restoreLostRegister(upgraded, withBackups, backups.directory);
    await runCronJobs(walk, withBackups, backups);
    await lookAtMetrics(walk);
    await visitConsole(walk, await makeCertificate(secrets));
    await takeDown(walk, sample);
    return 0;
  } catch (error) {
    console.error(await stack.logs());
    throw error;
  } finally {
    await stack.remove();
    rmSync(secrets, { recursive: true });
  }
}

/** IMAGES=built leaves it out: they are there from an earlier run. */
async function buildImages(): Promise<void> {
  const build = { DOCKER_BUILDKIT: process.env['DOCKER_BUILDKIT'] ?? '0' };
  await ran('docker', ['build', '-q', '-t', image, '.'], build);
  await ran('docker', ['build', '-q', '-t', sample, '--target', 'sample', '.'], build);
  const importer = ['-f', 'deploy/image/importer.Dockerfile', '--build-arg', `COLDROOM_IMAGE=${image}`];
  await ran('docker', ['build', '-q', '-t', importerImage, ...importer, '.'], build);
  // The same code under another name, which is what an upgrade looks like to the containers.
  await ran('docker', ['build', '-q', '-t', next, '--label', 'version=next', '.'], build);
}

/** What a site would have from its own authority: chain.pem and key.pem. */
async function makeCertificate(parent: string): Promise<string> {
  const directory = join(parent, 'certificates');
  mkdirSync(directory);
  await ran('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'chain.pem')],
  ]);
  return directory;
}

async function haveBaseImages(): Promise<void> {
  for (const each of neededImages) {
    if ((await run('docker', ['image', 'inspect', each])).code === 0) continue;
    if ((await run('docker', ['pull', '-q', each])).code === 0) continue;
    say(`${each} cannot be pulled: images of this name are made from packages (test/deploy/base-images)`);
    await ran('bash', [`${repository}/test/deploy/base-images/build.sh`]);
    return;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? `\nThe test failed: ${error.message}` : error);
    process.exit(1);
  },
);
