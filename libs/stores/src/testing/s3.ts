import { proveBySums } from '@coldroom/bagit/testing';
import { Files, writeMarker } from '@coldroom/files';
import { Client } from 'minio';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStore } from '../open-store';
import { parseStores } from '../settings';
import type { StoreUnderTest } from './conformance';
import { startFaultProxy, type FaultProxy } from './fault-proxy';

export interface S3UnderTest extends StoreUnderTest {
  readonly proxy: FaultProxy;
  readonly client: Client;
  readonly bucket: string;
  readonly top: string;
  /** The content of the settings file. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly open: (part?: object, omeroRoots?: readonly string[]) => StoreUnderTest['store'];
}

/** Plain http, region `default`. */
export interface S3Server {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** For a Ceph: a quota can make its buckets full. */
  readonly cephConf?: string;
}

const ceph = (): S3Server => JSON.parse(process.env['TEST_S3']!);

/** A store in its own bucket on a real server, behind a proxy that passes everything unless faults are requested. */
export async function makeS3(
  part: object = {},
  {
    secrets,
    server = ceph(),
  }: { readonly secrets?: (name: string) => string | undefined; readonly server?: S3Server } = {},
): Promise<S3UnderTest> {
  const { url, accessKey, secretKey, cephConf } = server;
  const top = mkdtempSync(join(tmpdir(), 'coldroom-s3-'));
  for (const name of ['ManagedRepository', 'recalled']) mkdirSync(join(top, name));
  await writeMarker(join(top, 'ManagedRepository'), 'ManagedRepository');
  await writeMarker(join(top, 'recalled'), 'recall');
  writeFileSync(join(top, 'access'), `${accessKey}\n`);
  writeFileSync(join(top, 'secret'), `${secretKey}\n`);
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const { hostname, port } = new URL(url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    region: 'default',
    accessKey,
    secretKey,
  });
  await client.makeBucket(bucket);
  const proxy = await startFaultProxy(url);
  const settings = {
    kind: 's3',
    endpoint: proxy.url,
    insecure: true,
    bucket,
    prefix: 'archive/one',
    region: 'default',
    accessKeyFile: join(top, 'access'),
    secretKeyFile: join(top, 'secret'),
    recallDirectory: join(top, 'recalled'),
    partMiB: 5,
    ...part,
  };
  const files = new Files({ threads: 1 });
  const stores: StoreUnderTest['store'][] = [];
  const open = (
    more: object = {},
    omeroRoots: readonly string[] = [join(top, 'ManagedRepository')],
  ): StoreUnderTest['store'] => {
    const store = openStore(
      'main',
      parseStores({ default: 'main', stores: { main: { ...settings, ...more } } }).stores['main']!,
      { files, omeroRoots, ...(secrets ? { secrets } : {}) },
    );
    stores.push(store);
    return store;
  };
  return {
    store: open(),
    sourceDir: join(top, 'ManagedRepository'),
    proxy,
    client,
    bucket,
    top,
    settings,
    open,
    becomeUnavailable: () => proxy.close(),
    ...(cephConf === undefined ? {} : { fill: async () => fill(bucket, cephConf) }),
    proveBag: async (bag) => {
      await copyDown({ client, bucket }, `archive/one/${bag}/`, join(top, 'copied'));
      proveBySums(join(top, 'copied'));
    },
    cleanup: async () => {
      for (const store of stores) await store.close();
      await files.close();
      await proxy.close().catch(() => undefined); // it may be gone already
      rmSync(top, { recursive: true });
    },
  };
}

function fill(bucket: string, cephConf: string): void {
  for (const words of [['set', '--max-size=512K'], ['enable']]) {
    execFileSync('radosgw-admin', ['quota', ...words, '--quota-scope=bucket', '--uid=coldroom', `--bucket=${bucket}`], {
      env: { ...process.env, CEPH_CONF: cephConf },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
}

/** As any S3 tool downloads objects: what follows the prefix in their keys becomes their path. */
export async function copyDown(
  { client, bucket }: Pick<S3UnderTest, 'client' | 'bucket'>,
  prefix: string,
  directory: string,
): Promise<void> {
  for await (const { name } of client.listObjects(bucket, prefix, true) as AsyncIterable<{ name: string }>) {
    const file = join(directory, name.slice(prefix.length));
    mkdirSync(dirname(file), { recursive: true });
    const content = await client.getObject(bucket, name);
    writeFileSync(file, Buffer.concat(await content.toArray()));
  }
}
