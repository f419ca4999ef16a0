import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import { answers } from './postgres';
import { answersPing } from './redis';
import type { LocalServer } from './server-process';

const enoughMs = 120_000;
const images = { postgres: 'postgres:16', redis: 'redis:7-bookworm' } as const;
export const serverImages = Object.values(images);

/** Whose container it is: one whose process has ended is removed by the next run on this machine. */
const label = 'coldroom-tests';

/**
 * Why servers of these images cannot be started in containers; undefined if they can. Images that are missing are
 * pulled. TEST_SERVERS decides where it is set: with `embedded` nothing is asked, and with `containers` it is an error
 * if they cannot. In a separate process, as `describe` cannot wait for a promise.
 */
export function whyNoContainers(wanted: readonly string[]): string | undefined {
  const choice = process.env['TEST_SERVERS'] || undefined;
  if (choice === 'embedded') return 'TEST_SERVERS is embedded';
  if (choice !== undefined && choice !== 'containers')
    throw new Error(`TEST_SERVERS must be embedded or containers, not "${choice}"`);
  const reason = reasonOf(wanted);
  if (reason !== undefined && choice === 'containers') throw new Error(`TEST_SERVERS is containers, but ${reason}`);
  return reason;
}

function reasonOf(wanted: readonly string[]): string | undefined {
  try {
    execFileSync(process.execPath, [join(__dirname, '../jest/have-images.mjs'), ...wanted], {
      env: process.env,
      timeout: enoughMs,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    return stderr?.trim().split('\n').at(-1) || message;
  }
}

/** A PostgreSQL in a container, otherwise as that of `startPostgres`. */
export async function startPostgresContainer(settings: Readonly<Record<string, string>>): Promise<LocalServer> {
  const password = randomBytes(12).toString('hex');
  const options = Object.entries({ max_connections: '200', ...settings }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const server = await started(images.postgres, 5432, (container) =>
    container
      .withEnvironment({
        POSTGRES_USER: 'coldroom',
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: 'postgres',
        POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --no-sync',
      })
      .withCommand(['postgres', ...options]),
  );
  const url = `postgres://coldroom:${password}@${server.url}/postgres`;
  return untilItAnswers({ ...server, url }, () => answers(url));
}

/** A Redis in a container, otherwise as that of `startRedis`. */
export async function startRedisContainer(): Promise<LocalServer> {
  const options = ['--protected-mode', 'no', '--appendonly', 'no', '--save', '', '--maxmemory-policy', 'noeviction'];
  const server = await started(images.redis, 6379, (container) => container.withCommand(['redis-server', ...options]));
  const { port, hostname: host } = new URL(`redis://${server.url}`);
  return untilItAnswers({ ...server, url: `redis://${server.url}` }, () => answersPing(Number(port), host));
}

/** A port of a container may be open before its server takes requests. */
async function untilItAnswers(server: LocalServer, asked: () => Promise<boolean>): Promise<LocalServer> {
  for (const end = Date.now() + enoughMs; !(await asked()); await sleep(100)) {
    if (Date.now() < end) continue;
    await server.stop();
    throw new Error(`${server.how} does not answer`);
  }
  return server;
}

/** Its url is host and port. */
async function started(
  image: string,
  port: number,
  prepare: (container: GenericContainer) => GenericContainer,
): Promise<LocalServer> {
  const container = await ownContainer(image, (each) => prepare(each.withExposedPorts(port)));
  const url = `${container.getHost().replace('localhost', '127.0.0.1')}:${container.getMappedPort(port)}`;
  let stopped: Promise<unknown> | undefined;
  return {
    url,
    how: `${image} in a container, on ${url}`,
    stop: async () => void (await (stopped ??= container.stop())),
  };
}

/** Starts a container that the next run removes if this process is killed. */
export async function ownContainer(
  image: string,
  prepare: (container: GenericContainer) => GenericContainer,
): Promise<StartedTestContainer> {
  // Its helper that removes containers would be one more image to pull.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { GenericContainer } = await import('testcontainers');
  await removeLeft();
  return prepare(new GenericContainer(image).withLabels({ [label]: `${hostname()} ${process.pid}` })).start();
}

async function removeLeft(): Promise<void> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { dockerode } = (await getContainerRuntimeClient()).container;
  for (const { Id, Labels } of await dockerode.listContainers({ all: true, filters: { label: [label] } })) {
    const [host, pid] = (Labels[label] ?? '').split(' ');
    if (host !== hostname() || existsSync(`/proc/${pid}`)) continue;
    await dockerode
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => undefined); // another run removes it, too
  }
}
