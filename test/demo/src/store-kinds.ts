import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Client } from 'minio';
import { startFakeArkivum } from '@coldroom/fake-arkivum';
import { writeMarker } from '@coldroom/files';
import { startS3, type LocalServer } from '@coldroom/local';
import { builtSeaweedfs, startSeaweedfs, type LocalSeaweedfs } from '@coldroom/seaweedfs';
import type { Layout } from './layout';

export const storeKinds = ['file', 's3', 'seaweedfs', 'arkivum'] as const;
export type StoreKind = (typeof storeKinds)[number];

/** A store for the demo: its server if it needs one, its settings, and how to inspect it without Coldroom. */
export interface DemoStore {
  /** The stores file. */
  readonly yaml: string;
  /** Files and directories that the services read and write. */
  readonly usedByServices: readonly string[];
  /** Where links lead. */
  readonly links: string;
  /** Links do not resolve before the images are recalled. */
  readonly outOfReach: boolean;
  /** A directory that holds all bags, downloaded from the store if they are not in one. */
  bags(): Promise<string>;
  stop(): Promise<void>;
}

const name = 'demo';
const bucket = 'coldroom-demo';
/** Seconds until the appliance has read what it was given, and until it is amber and green: hours on a real one. */
const pace = { final: 0.5, amber: 1, green: 2 };

export async function makeStore(kind: StoreKind, layout: Layout, say: (line: string) => void): Promise<DemoStore> {
  await mkdir(layout.store, { recursive: true });
  switch (kind) {
    case 'file':
      return fileStore(layout);
    case 'arkivum':
      return arkivumStore(layout, say);
    case 's3':
      return s3Store(layout, await startS3({ dir: layout.servers }), say);
    case 'seaweedfs':
      return s3Store(layout, await startBuiltSeaweedfs(layout.servers), say);
  }
}

function settings(lines: readonly string[]): string {
  return [`default: ${name}`, 'stores:', `  ${name}:`, ...lines.map((line) => `    ${line}`), ''].join('\n');
}

const tmpfs = 0x01021994; // statfs(2)

/** /tmp is in memory on many machines. A sample may be there; a real store may not. */
export async function whereInMemory(directory: string): Promise<readonly string[]> {
  return (await statfs(directory)).type === tmpfs
    ? ['verify: cached   # a sample only: this directory is in memory, and a copy cannot be read back from a disk']
    : [];
}

async function fileStore({ store }: Layout): Promise<DemoStore> {
  await writeMarker(store, name);
  const yaml = settings([
    'kind: file',
    `directory: ${JSON.stringify(store)}`,
    'sameFileSystem: true   # a sample only: a real store is on another disk',
    ...(await whereInMemory(store)),
  ]);
  return {
    yaml,
    usedByServices: [store],
    links: store,
    outOfReach: false,
    bags: async () => store,
    stop: async () => undefined,
  };
}

async function arkivumStore({ store, servers }: Layout, say: (line: string) => void): Promise<DemoStore> {
  await writeMarker(store, name);
  const dir = join(servers, 'arkivum');
  await mkdir(dir, { recursive: true });
  const appliance = await startFakeArkivum({ dir, mount: store, pace });
  say(`  A stand-in for an Arkivum appliance at ${appliance.url}, mounted at ${store}`);
  const yaml = settings([
    'kind: arkivum',
    `mount: ${JSON.stringify(store)}`,
    `url: ${appliance.url}`,
    `caFile: ${JSON.stringify(appliance.caFile)}`,
    'api: v3',
    'durableAt: green',
    'sameFileSystem: true   # a sample only: a real appliance is mounted over the network',
    ...(await whereInMemory(store)),
  ]);
  return {
    yaml,
    usedByServices: [store, appliance.caFile],
    links: store,
    outOfReach: false,
    bags: async () => store,
    stop: () => appliance.stop(),
  };
}

async function startBuiltSeaweedfs(dir: string): Promise<LocalSeaweedfs> {
  const program = builtSeaweedfs();
  if (program === undefined)
    throw new Error('SeaweedFS was never built on this machine: "npm run test:seaweedfs" builds it');
  return startSeaweedfs(program, { dir });
}

async function s3Store(
  { servers, recalled, copiedDown }: Layout,
  server: LocalServer & { readonly accessKey: string; readonly secretKey: string },
  say: (line: string) => void,
): Promise<DemoStore> {
  say(`  ${server.how}`);
  await mkdir(recalled, { recursive: true });
  await writeMarker(recalled, 'recall');
  const { hostname, port } = new URL(server.url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    region: 'default',
    accessKey: server.accessKey,
    secretKey: server.secretKey,
  });
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket);
  const keys = { accessKeyFile: join(servers, 's3-access'), secretKeyFile: join(servers, 's3-secret') };
  await writeFile(keys.accessKeyFile, server.accessKey, { mode: 0o600 });
  await writeFile(keys.secretKeyFile, server.secretKey, { mode: 0o600 });
  const yaml = settings([
    'kind: s3',
    `endpoint: ${server.url}`,
    'insecure: true   # a sample only: a real server speaks https',
    `bucket: ${bucket}`,
    'region: default',
    ...Object.entries(keys).map(([key, path]) => `${key}: ${JSON.stringify(path)}`),
    `recallDirectory: ${JSON.stringify(recalled)}`,
  ]);
  return {
    yaml,
    usedByServices: [recalled, ...Object.values(keys)],
    links: recalled,
    outOfReach: true,
    bags: () => copyDown(client, copiedDown),
    stop: () => server.stop(),
  };
}

/** As any S3 tool would: each key becomes a path. */
async function copyDown(client: Client, directory: string): Promise<string> {
  for await (const { name: key } of client.listObjects(bucket, '', true) as AsyncIterable<{ readonly name: string }>) {
    const file = join(directory, key);
    await mkdir(dirname(file), { recursive: true });
    await pipeline(await client.getObject(bucket, key), createWriteStream(file));
  }
  return directory;
}
