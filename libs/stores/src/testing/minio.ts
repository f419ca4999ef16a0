import { randomBytes } from 'node:crypto';
import { Wait } from 'testcontainers';
import { ownContainer, whyNoContainers } from '@coldroom/local';
import type { S3Server } from './s3';

const image = 'minio/minio:RELEASE.2025-04-22T22-12-26Z';
const port = 9000;

/** Why it cannot be started here; undefined if it can. */
export const whyNoMinio = (): string | undefined => whyNoContainers([image]);

/** A MinIO server in its own container, with one account and no bucket. */
export async function startMinio(): Promise<S3Server & { stop(): Promise<void> }> {
  const [accessKey, secretKey] = [randomBytes(8).toString('hex'), randomBytes(20).toString('hex')];
  const container = await ownContainer(image, (each) =>
    each
      .withEnvironment({ MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, MINIO_SITE_REGION: 'default' })
      .withCommand(['server', '/data'])
      .withExposedPorts(port)
      .withWaitStrategy(Wait.forHttp('/minio/health/ready', port)),
  );
  return {
    url: `http://${container.getHost()}:${container.getMappedPort(port)}`,
    accessKey,
    secretKey,
    stop: async () => {
      await container.stop();
    },
  };
}
