import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeMarker } from '@coldroom/files';
import type { LocalS3 } from '@coldroom/local';
import { Client } from 'minio';
import { Gate } from './gate';
import { placeOf, type KeptCopies, type StoreName } from './store-kinds';

const prefix = 'kept';

interface Listed {
  readonly name: string;
  readonly etag: string;
  readonly size: number;
  readonly lastModified: Date;
}

interface BucketParts {
  readonly client: Client;
  readonly name: string;
  readonly gate: Gate;
  readonly links: string;
  readonly down: string;
  readonly stores: KeptCopies['stores'];
  readonly server: LocalS3;
}

/** A bucket for one world on a real S3 server, behind a gate; inspected by the plain client, not through the gate. */
export class Bucket implements KeptCopies {
  readonly recalled = true;
  readonly gate: Gate;
  readonly links: string;
  readonly stores: KeptCopies['stores'];
  private inUse: string;
  private readonly client: Client;
  private readonly down: string;
  private readonly server: LocalS3;

  private constructor({ client, name, gate, links, down, stores, server }: BucketParts) {
    this.inUse = name;
    this.gate = gate;
    this.links = links;
    this.stores = stores;
    this.client = client;
    this.down = down;
    this.server = server;
  }

  static async make(server: LocalS3, dir: string, store: StoreName): Promise<Bucket> {
    const { hostname, port } = new URL(server.url);
    const { accessKey, secretKey } = server;
    const client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      region: 'default',
      accessKey,
      secretKey,
    });
    const name = `world-${randomBytes(6).toString('hex')}`;
    await client.makeBucket(name);
    const links = join(dir, placeOf[store]);
    mkdirSync(links);
    await writeMarker(links, 'recall');
    const keys = { accessKeyFile: join(dir, 's3-access'), secretKeyFile: join(dir, 's3-secret') };
    writeFileSync(keys.accessKeyFile, accessKey, { mode: 0o600 });
    writeFileSync(keys.secretKeyFile, secretKey, { mode: 0o600 });
    const gate = await Gate.before(server.url);
    const settings = {
      kind: 's3',
      endpoint: new URL(gate.through(server.url)).origin,
      insecure: true,
      bucket: name,
      prefix,
      region: 'default',
      ...keys,
      recallDirectory: links,
      partMiB: 5,
    };
    return new Bucket({
      client,
      name,
      gate,
      links,
      down: join(dir, 'copied-down'),
      stores: { [store]: settings },
      server,
    });
  }

  get name(): string {
    return this.inUse;
  }

  /** An empty bucket, which is looked at from now on; services use the one that their stores file names. */
  async replace(): Promise<void> {
    this.inUse = `world-${randomBytes(6).toString('hex')}`;
    await this.client.makeBucket(this.inUse);
  }

  /** As any S3 tool copies a bucket: all that is below the prefix. */
  async copyFrom(bucket: string): Promise<void> {
    for (const { name } of (await this.client.listObjectsV2(bucket, prefix, true).toArray()) as readonly Listed[]) {
      const content = Buffer.concat(await (await this.client.getObject(bucket, name)).toArray());
      await this.client.putObject(this.inUse, name, content);
    }
  }

  /** As any S3 tool downloads bags: some names are percent-encoded. */
  async bags(): Promise<readonly string[]> {
    rmSync(this.down, { recursive: true, force: true });
    mkdirSync(this.down);
    for (const { name } of await this.sealed()) {
      const file = join(this.down, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.concat(await (await this.client.getObject(this.name, name)).toArray()));
    }
    const top = join(this.down, prefix);
    mkdirSync(top, { recursive: true });
    return [top];
  }

  async unsealed(): Promise<readonly string[]> {
    const sealed = new Set((await this.sealed()).map(({ name }) => name));
    const open = (await this.listed()).filter(({ name }) => !sealed.has(name)).map(({ name }) => `the object ${name}`);
    return [...open, ...(await this.unfinished()).map((key) => `the unfinished upload of ${key}`)];
  }

  /** Keys of multipart uploads that were started and not ended. */
  async unfinished(): Promise<readonly string[]> {
    const found = (await this.client.listIncompleteUploads(this.name, '', true).toArray()) as readonly {
      readonly key: string;
    }[];
    return found.map(({ key }) => key);
  }

  async image(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(
      (await this.sealed()).map(({ name, etag, size, lastModified }) => [
        name,
        `${etag} ${size} ${lastModified.toISOString()}`,
      ]),
    );
  }

  /** Another program writes the same bytes to every copy again: other objects than the ones that were proven. */
  async overwrite(): Promise<void> {
    for (const { name } of (await this.sealed()).filter((object) =>
      object.name.startsWith(`${bagOf(object.name)}/data/`),
    )) {
      const content = Buffer.concat(await (await this.client.getObject(this.name, name)).toArray());
      await this.client.putObject(this.name, name, content);
    }
  }

  /** The server becomes unavailable: open connections are cut, and new ones are refused. */
  becomeUnavailable(): void {
    this.gate.shut();
  }

  comeBack(): void {
    this.gate.lead(this.server.url);
  }

  async stop(): Promise<void> {
    this.gate.close();
  }

  private async sealed(): Promise<readonly Listed[]> {
    const all = await this.listed();
    const bags = new Set(
      all.filter(({ name }) => name.endsWith('/tagmanifest-sha256.txt')).map(({ name }) => bagOf(name)),
    );
    return all.filter(({ name }) => bags.has(bagOf(name)) && !name.startsWith(`${bagOf(name)}/uploads/`));
  }

  /**
   * Without the store's marker, and those with which services try the server: one that is killed while it does so leaves
   * some for an hour.
   */
  private async listed(): Promise<readonly Listed[]> {
    const all = (await this.client.listObjectsV2(this.name, '', true).toArray()) as readonly Listed[];
    return all.filter(({ name }) => name !== `${prefix}/.coldroom-store` && !name.startsWith(`${prefix}/.probe-`));
  }
}

const bagOf = (key: string): string => key.split('/', 2).join('/');
