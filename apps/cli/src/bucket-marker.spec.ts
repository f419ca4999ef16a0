import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import pg from 'pg';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase, removeServerData, skippedWithout, startS3, type LocalS3 } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { openStores, parseStores, type Stores } from '@coldroom/stores';
import { coldroom, coldroomProcess, json } from './testing/command-line';

const isMissing = skippedWithout('markers in buckets', ['ceph-mon', 'radosgw']);
const key = 'archive/.coldroom-store';
const bag = 'bag-1';
const path = Buffer.from('file');

(isMissing ? describe.skip : describe)('the marker of a store in a bucket', () => {
  let dir: string;
  let server: LocalS3;
  let client: Client;
  let files: Files;
  let url: string;
  let register: Register;
  let sql: pg.Pool;
  let opened: Stores[];
  let bucket: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-marker-'));
    server = await startS3({ dir });
    const { hostname: endPoint, port } = new URL(server.url);
    const { accessKey, secretKey } = server;
    client = new Client({ endPoint, port: Number(port), useSSL: false, region: 'default', accessKey, secretKey });
    mkdirSync(join(dir, 'recalled'));
    await writeMarker(join(dir, 'recalled'), 'recall');
    writeFileSync(join(dir, 'access'), accessKey);
    writeFileSync(join(dir, 'secret'), secretKey);
    files = new Files({ threads: 1 });
  }, 180_000);
  afterAll(async () => {
    await files.close();
    await server.stop();
    removeServerData(dir);
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    url = await createDatabase(process.env['TEST_POSTGRES_URL']!, `bucket_marker_${process.pid}`, { existing: 'drop' });
    await migrate(url);
    register = new Register(url);
    sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
    opened = [];
    bucket = await newBucket();
  });
  afterEach(async () => {
    for (const stores of opened) await stores.close();
    await sql.end();
    await register.close();
  });

  async function newBucket(): Promise<string> {
    const name = `marker-${randomBytes(6).toString('hex')}`;
    await client.makeBucket(name);
    return name;
  }

  const inBucket = (name: string): object => ({
    kind: 's3',
    endpoint: server.url,
    insecure: true,
    bucket: name,
    prefix: 'archive',
    region: 'default',
    accessKeyFile: join(dir, 'access'),
    secretKeyFile: join(dir, 'secret'),
    recallDirectory: join(dir, 'recalled'),
  });

  /** As a service opens them. */
  function open(stores: Readonly<Record<string, object>> = { cloud: inBucket(bucket) }): Stores {
    const settings = parseStores({ default: Object.keys(stores)[0], stores });
    const made = openStores(settings, { files, omeroRoots: [], markers: register.storeMarkers });
    opened.push(made);
    return made;
  }
  const check = (stores?: Readonly<Record<string, object>>): Promise<void> => open(stores).default.check('write');

  async function objects(name = bucket): Promise<readonly string[]> {
    const listed = (await client.listObjectsV2(name, '', true).toArray()) as readonly { readonly name: string }[];
    return listed.map((object) => object.name);
  }
  async function read(name = bucket): Promise<{ readonly id: string }> {
    return JSON.parse(Buffer.concat(await (await client.getObject(name, key)).toArray()).toString());
  }
  const known = async (): Promise<readonly object[]> =>
    (await sql.query('SELECT store, id, place, seen_at IS NOT NULL AS seen FROM store_marker ORDER BY store')).rows;

  async function hasBag(store: string): Promise<void> {
    await sql.query(
      `WITH r AS (INSERT INTO request (state, owner_id, owner, group_id, group_name, requester_id, requester)
         VALUES ('Running', 1, 'ada', 1, 'Lab', 1, 'ada') RETURNING id)
       INSERT INTO bag (request_id, name, store, state, files, bytes) SELECT id, $1, $2, 'linked', 0, 0 FROM r`,
      [`bag of ${store}`, store],
    );
  }
  const replaced = (words: string): object => ({
    kind: 'refused',
    code: 'ROOT_REPLACED',
    message: expect.stringContaining(words),
  });
  const work = () => ({
    signal: new AbortController().signal,
    deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
    progress: () => undefined,
  });

  test('is written once, by who writes there, and the register knows it', async () => {
    await open().default.check('read');
    expect([await objects(), await known()]).toEqual([[], []]);
    await check();
    const marker = await read();
    expect(marker).toEqual({ coldroom: 'store', id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const row = { store: 'cloud', id: marker.id, place: `${server.url}/${bucket}/archive`, seen: true };
    expect([await objects(), await known()]).toEqual([[key], [row]]);
    await check();
    expect([await objects(), await read(), await known()]).toEqual([[key], marker, [row]]);
    const found: string[] = [];
    for await (const each of open().default.bags()) found.push(each);
    expect(found).toEqual([]);
  });

  test('is the same for all services that start at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => check()));
    expect(await known()).toMatchObject([{ id: (await read()).id, seen: true }]);
  });

  test('is written into a store that has bags from before there were markers', async () => {
    await hasBag('cloud');
    await check();
    expect(await known()).toMatchObject([{ id: (await read()).id, seen: true }]);
  });

  test('that a killed service did not get to write is written by the next one', async () => {
    await hasBag('cloud');
    const found = { store: 'cloud', partOf: [], place: `${server.url}/${bucket}/archive`, id: undefined };
    const { id } = await register.storeMarkers.expect(found);
    expect(await known()).toMatchObject([{ id, seen: false }]);
    await check();
    expect(await read()).toMatchObject({ id });
  });

  test('makes another bucket known: nothing is written there, with or without a marker of its own', async () => {
    await hasBag('cloud');
    await check();
    const { id } = await read();
    const other = await newBucket();
    const there = { cloud: inBucket(other) };
    await expect(check(there)).rejects.toMatchObject(replaced('there is no marker there'));
    expect(await objects(other)).toEqual([]);
    await client.putObject(other, key, JSON.stringify({ coldroom: 'store', id: 'another' }));
    await expect(check(there)).rejects.toMatchObject(replaced(`the marker there has the id another`));
    await expect(open(there).default.put(bag, [], work())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await objects(other)).toEqual([key]);
    await client.putObject(other, key, 'something else');
    await expect(check(there)).rejects.toMatchObject(replaced('is not a marker of Coldroom'));
    await client.putObject(other, key, JSON.stringify({ coldroom: 'store', id })); // as the message says
    await check(there);
    expect(await known()).toMatchObject([{ id, place: `${server.url}/${other}/archive` }]);
  });

  test('that is missing, is not written again while the register has bags in the store', async () => {
    await check();
    await client.removeObject(bucket, key);
    await check(); // nothing is lost with an empty store
    const { id } = await read();
    await hasBag('cloud');
    await client.removeObject(bucket, key);
    await expect(check()).rejects.toMatchObject(
      replaced(`put an object ${key} there with the content {"coldroom":"store","id":"${id}"}`),
    );
    expect(await objects()).toEqual([]);
    await open().default.check('read');
  });

  test('lets a store without bags change its bucket, and tells the two apart', async () => {
    await check();
    const before = await read();
    const other = await newBucket();
    await check({ cloud: inBucket(other) });
    expect((await read(other)).id).not.toBe(before.id);
    await hasBag('cloud');
    await expect(check()).rejects.toMatchObject(replaced(`the marker there has the id ${before.id}`));
  });

  test('is looked at again before each write', async () => {
    await hasBag('cloud');
    const store = open().default;
    await store.check('write');
    const marker = JSON.stringify(await read());
    await store.put(bag, [], work());
    await client.putObject(bucket, key, JSON.stringify({ coldroom: 'store', id: 'another' }));
    const away = {
      kind: 'transient',
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('has the id another'),
    };
    await expect(store.put(bag, [], work())).rejects.toMatchObject(away);
    await expect(store.seal(bag, [path], [], work())).rejects.toMatchObject(away);
    await client.putObject(bucket, key, marker);
    await store.put(bag, [], work());
  });

  test('of a part counts while the store of several copies has bags', async () => {
    const other = await newBucket();
    const both = (name: string): Readonly<Record<string, object>> => ({
      both: { kind: 'copies', of: ['cloud', 'far'] },
      cloud: inBucket(name),
      far: inBucket(other),
    });
    await hasBag('both');
    await check(both(bucket));
    expect((await read()).id).not.toBe((await read(other)).id);
    await expect(check(both(await newBucket()))).rejects.toMatchObject(replaced('The store cloud is not at'));
  });

  test('of one store is not accepted as that of another', async () => {
    await hasBag('cloud');
    await check();
    const copy = await newBucket();
    await client.putObject(copy, key, JSON.stringify(await read()));
    await expect(check({ far: inBucket(copy) })).rejects.toMatchObject(
      replaced('has the marker of the store cloud. If this is that store under another name'),
    );
    await register.renameStore('cloud', 'far', 'boss');
    await expect(check({ far: inBucket(await newBucket()) })).rejects.toMatchObject(replaced('there is no marker'));
    await check({ far: inBucket(bucket) });
  });

  test('is known by its metadata where a lifecycle rule has moved its content away', async () => {
    await hasBag('cloud');
    await check();
    const { id } = await read();
    await client.putObject(bucket, key, 'archived', undefined, { 'coldroom-source': id });
    await check();
    await client.putObject(bucket, key, JSON.stringify({ coldroom: 'store', id })); // by another tool, without metadata
    await check();
    await client.putObject(bucket, key, 'archived', undefined, { 'coldroom-source': 'something else' });
    await expect(check()).rejects.toMatchObject(replaced('is not a marker of Coldroom'));
  });

  test('is taken over by a register that knows none', async () => {
    await check();
    const { id } = await read();
    await sql.query('DELETE FROM store_marker');
    await hasBag('cloud');
    await check();
    expect([await read(), await known()]).toMatchObject([{ id }, [{ id, seen: true }]]);
  });

  test('is compared by commands, which write none', async () => {
    const stores = join(dir, 'stores.json');
    const env = { REGISTER_DATABASE_URL: url, OMERO_DATA_DIR: join(dir, 'omero'), COLDROOM_STORES: stores };
    const list = async (name: string) => {
      writeFileSync(stores, JSON.stringify({ default: 'cloud', stores: { cloud: inBucket(name) } }));
      return json<readonly { readonly fault: object | null }[]>(await coldroom(['store', 'list', '--json'], env));
    };
    expect([await list(bucket), await objects(), await known()]).toMatchObject([[{ fault: null }], [], []]);
    await check();
    await hasBag('cloud');
    expect(await list(bucket)).toMatchObject([{ fault: null }]);
    const other = await newBucket();
    expect(await list(other)).toMatchObject([{ fault: { code: 'ROOT_REPLACED' } }]);
    const { stdout } = await coldroomProcess(['doctor'], env);
    expect(stdout).toContain(`The store cloud is not at ${server.url}/${other}/archive`);
    expect(await objects(other)).toEqual([]);
  });
});
