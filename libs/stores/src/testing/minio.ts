import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { GenericContainer, Wait } from 'testcontainers';
import type { S3Server } from './s3';

const image = 'minio/minio:RELEASE.2025-04-22T22-12-26Z';
const port = 9000;
const enoughMs = 30_000;

/**
 * Why this machine cannot start containers; undefined if it can. In a separate process, as `describe` cannot wait for a
 * promise: a few seconds at most, whatever address the engine is configured with.
 */
export function noContainers(): string | undefined {
  const ask = `require(${JSON.stringify(require.resolve('testcontainers'))}).getContainerRuntimeClient().then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); })`;
  try {
    execFileSync(process.execPath, ['-e', ask], {
      timeout: enoughMs,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    return `no Docker engine answers (${stderr?.trim().split('\n').at(-1) || message})`;
  }
}

/** A MinIO server in its own container, with one account and no bucket. The image is pulled if it is missing. */
export async function startMinio(): Promise<S3Server & { stop(): Promise<void> }> {
  const [accessKey, secretKey] = [randomBytes(8).toString('hex'), randomBytes(20).toString('hex')];
  const container = await new GenericContainer(image)
    .withEnvironment({ MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, MINIO_SITE_REGION: 'default' })
    .withCommand(['server', '/data'])
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/minio/health/ready', port))
    .start();
  return {
    url: `http://${container.getHost()}:${container.getMappedPort(port)}`,
    accessKey,
    secretKey,
    stop: async () => {
      await container.stop();
    },
  };
}
