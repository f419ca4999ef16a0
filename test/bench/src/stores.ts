import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'minio';
import { writeMarker } from '@coldroom/files';
import type { LocalS3 } from '@coldroom/local';

/** A store to be measured: the stores file, and how rclone names the same location. */
export interface BenchStore {
  readonly settings: object;
  /** For rclone, without its own configuration. */
  readonly environment: Readonly<Record<string, string>>;
  /** A new location for rclone to copy to, beside our bags. */
  remote(name: string): string;
}

export async function fileStore(dir: string): Promise<BenchStore> {
  const directory = join(dir, 'store');
  await mkdir(directory, { recursive: true });
  await writeMarker(directory, 'bench');
  return {
    settings: { kind: 'file', directory, sameFileSystem: true },
    environment: {},
    remote: (name) => join(dir, name),
  };
}

/** One bucket on a real server; `dir` holds recalled copies and keys. */
export async function s3Store(
  dir: string,
  server: Pick<LocalS3, 'url' | 'accessKey' | 'secretKey'>,
  bucket: string,
): Promise<BenchStore> {
  const { hostname, port } = new URL(server.url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    region: 'default',
    accessKey: server.accessKey,
    secretKey: server.secretKey,
  });
  await client.makeBucket(bucket);
  const recallDirectory = join(dir, 'recalled');
  await mkdir(recallDirectory, { recursive: true });
  await writeMarker(recallDirectory, 'recall');
  const keys = { accessKeyFile: join(dir, 's3-access'), secretKeyFile: join(dir, 's3-secret') };
  await writeFile(keys.accessKeyFile, server.accessKey, { mode: 0o600 });
  await writeFile(keys.secretKeyFile, server.secretKey, { mode: 0o600 });
  return {
    settings: { kind: 's3', endpoint: server.url, insecure: true, bucket, region: 'default', ...keys, recallDirectory },
    environment: {
      RCLONE_CONFIG_BENCH_TYPE: 's3',
      RCLONE_CONFIG_BENCH_PROVIDER: 'Ceph',
      RCLONE_CONFIG_BENCH_ENDPOINT: server.url,
      RCLONE_CONFIG_BENCH_REGION: 'default',
      RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: server.accessKey,
      RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: server.secretKey,
    },
    remote: (name) => `bench:${bucket}/${name}`,
  };
}
