import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { removeServerData, skippedWithout, startS3, type LocalS3 } from '@coldroom/local';
import { BackupScene, describeBackups, goodIn } from './testing/backup-scene';
import { coldroom, coldroomProcess, json } from './testing/command-line';

interface Result {
  readonly place: string;
  readonly name: string;
  readonly bytes: string;
  readonly sha256: string;
  readonly removed: readonly string[];
  readonly failure: { readonly code: string } | null;
}

const isMissing = skippedWithout('backups in a bucket', ['ceph-mon', 'radosgw']);

(isMissing ? describe.skip : describeBackups)('backups in a bucket', () => {
  let backups: BackupScene;
  let s3: LocalS3;
  let s3Dir: string;
  let client: Client;
  let bucket = '';
  let env: Record<string, string>;
  let runs = 0;

  beforeAll(async () => {
    backups = await BackupScene.start();
    s3Dir = mkdtempSync(join(tmpdir(), 'coldroom-backup-s3-'));
    s3 = await startS3({ dir: s3Dir });
    const { hostname, port } = new URL(s3.url);
    const { accessKey, secretKey } = s3;
    client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      region: 'default',
      accessKey,
      secretKey,
    });
    writeFileSync(join(backups.dir, 'access'), s3.accessKey);
    writeFileSync(join(backups.dir, 'secret'), s3.secretKey);
  }, 180_000);
  afterAll(async () => {
    await s3.stop();
    removeServerData(s3Dir);
    await backups.stop();
  });
  beforeEach(async () => {
    bucket = `backups-${(runs += 1)}`;
    await client.makeBucket(bucket);
    const path = join(backups.dir, `${bucket}.json`);
    const keys = { accessKeyFile: join(backups.dir, 'access'), secretKeyFile: join(backups.dir, 'secret') };
    const place = { endpoint: s3.url, insecure: true, bucket, prefix: 'coldroom/dumps', region: 'default', ...keys };
    writeFileSync(path, JSON.stringify({ ...place, partMiB: 5 }));
    env = { REGISTER_DATABASE_URL: await backups.register(), COLDROOM_BACKUP_BUCKET: path };
  });

  const backUp = async (more: Readonly<Record<string, string>> = {}) => {
    const ended = await coldroom(['backup', '--json'], { ...env, ...more });
    return { ...ended, results: ended.stdout === '' ? [] : json<{ backups: Result[] }>(ended).backups };
  };
  const names = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { name } of client.listObjectsV2(bucket, '', true) as AsyncIterable<{ name: string }>)
      found.push(name);
    const ours = found.map((name) => name.replace('coldroom/dumps/', ''));
    return ours.filter((name) => name !== '.coldroom-register').sort();
  };
  const put = async (name: string, content: string, sha256 = hex(content)): Promise<void> => {
    await client.putObject(bucket, `coldroom/dumps/${name}`, content);
    await client.putObject(bucket, `coldroom/dumps/${name}.sha256`, `${sha256}  ${name}\n`);
  };
  const hex = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

  it('are whole objects with their checksums, larger than one part, and can be restored', async () => {
    // Random bytes, so that compression does not bring it below one part.
    await backups.sql(
      env['REGISTER_DATABASE_URL'] as string,
      `INSERT INTO event (actor, what, detail) SELECT 'test', 'noise', jsonb_build_object('x', string_agg(md5(random()::text), ''))
       FROM generate_series(1, 400) n, generate_series(1, 1000) GROUP BY n`,
    );
    const { code, results } = await backUp();
    const [result] = results;
    expect({ code, failure: result?.failure }).toEqual({ code: 0, failure: null });
    expect(Number(result?.bytes)).toBeGreaterThan(5 * 1024 * 1024);
    expect(await names()).toEqual([result?.name, `${result?.name}.sha256`]);
    const pieces: Buffer[] = [];
    for await (const piece of await client.getObject(bucket, `coldroom/dumps/${result?.name}`))
      pieces.push(piece as Buffer);
    expect(hex(Buffer.concat(pieces))).toBe(result?.sha256);
    const drill = await coldroom(['drill', 'restore', '--json'], env);
    expect(json(drill)).toMatchObject({ register: { name: result?.name, from: `s3://${bucket}/coldroom/dumps` } });
    const other = await backUp({ REGISTER_DATABASE_URL: await backups.register() });
    expect(other.results[0]?.failure?.code).toBe('BACKUP_PLACE_NOT_OURS');
    expect(await names()).toEqual([result?.name, `${result?.name}.sha256`]);
  });

  it('are rotated; what is foreign or without a checksum stays', async () => {
    const of = (day: number): string => `coldroom-register-2020010${day}T000000Z.dump`;
    for (const day of [1, 2, 3]) await put(of(day), `dump ${day}`);
    await client.putObject(bucket, `coldroom/dumps/${of(4)}`, 'without a checksum');
    await put('coldroom-register-20200105T000000Z.dump.bak', 'foreign');
    await put(of(6), 'with a checksum that is none', 'x');
    const { code, results } = await backUp({ COLDROOM_BACKUP_KEEP: '2/0/0' });
    expect({ code, removed: results[0]?.removed }).toEqual({ code: 3, removed: [of(2), of(1)] });
    expect(await names()).toEqual(
      [
        ...[of(3), of(6), results[0]?.name ?? '', 'coldroom-register-20200105T000000Z.dump.bak'].flatMap((name) => [
          name,
          `${name}.sha256`,
        ]),
        of(4),
      ].sort(),
    );
  });

  it.each([
    'backup:1-partly-written',
    'backup:2-written',
    'backup:3-checksum-written',
    'backup:4-renamed',
    'backup:7-old-removed',
  ])('killed at %s: the next run leaves whole dumps only', async (crashAt) => {
    await put('coldroom-register-20200101T000000Z.dump', 'old');
    await put('coldroom-register-20200102T000000Z.dump', 'older');
    const killed = await coldroomProcess(['backup'], {
      ...env,
      COLDROOM_BACKUP_KEEP: '2/0/0',
      COLDROOM_CRASH_AT: crashAt,
    });
    expect(killed.code).toBeNull();
    const { code, results } = await backUp({ COLDROOM_BACKUP_KEEP: '2/0/0' });
    expect({ code, failure: results[0]?.failure }).toEqual({ code: 0, failure: null });
    const kept = ['coldroom-register-20200102T000000Z.dump', results[0]?.name ?? ''];
    expect(await names()).toEqual(kept.flatMap((name) => [name, `${name}.sha256`]).sort());
    const uploads: unknown[] = [];
    for await (const upload of client.listIncompleteUploads(bucket, '', true)) uploads.push(upload);
    expect(uploads).toEqual([]);
  });

  it('a bucket that fails does not keep the directory from its backup', async () => {
    const place = await backups.place();
    await client.removeBucket(bucket);
    const both = await backUp({ COLDROOM_BACKUP_DIR: place });
    expect({ code: both.code, places: both.results.map((one) => [one.place, one.failure?.code]) }).toEqual({
      code: 3,
      places: [
        ['directory', undefined],
        ['bucket', 'STORE_UNAVAILABLE'],
      ],
    });
    expect(goodIn(place)).toHaveLength(1);
    const said = both.stdout + both.stderr;
    expect(said).not.toContain(s3.secretKey);
  });

  it('a file that does not describe a bucket is refused with its faults', async () => {
    const path = join(backups.dir, 'wrong.json');
    writeFileSync(path, JSON.stringify({ endpoint: 'http://example.org', bucket: 'X' }));
    const { code, stderr } = await backUp({ COLDROOM_BACKUP_BUCKET: path });
    expect(code).toBe(1);
    for (const word of ['BACKUP_BUCKET_INVALID', 'bucket', 'insecure: true', 'accessKeyFile'])
      expect(stderr).toContain(word);
  });
});
