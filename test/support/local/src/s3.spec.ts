import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { removeServerData, startS3, type LocalS3 } from './index';

const clientOf = ({ url, accessKey, secretKey }: LocalS3): Client =>
  new Client({
    endPoint: '127.0.0.1',
    port: Number(new URL(url).port),
    useSSL: false,
    region: 'default',
    accessKey,
    secretKey,
  });

test('an S3 server keeps what it was given, knows its account only, and is gone when stopped', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'local-spec-'));
  const first = await startS3({ dir });
  try {
    await clientOf(first).makeBucket('room');
    await clientOf(first).putObject('room', 'a/file', Buffer.from('cold'));
    await expect(clientOf({ ...first, secretKey: 'another' }).bucketExists('room')).rejects.toThrow();
  } finally {
    await first.stop();
  }
  await expect(clientOf(first).bucketExists('room')).rejects.toThrow('ECONNREFUSED');
  const second = await startS3({ dir });
  try {
    expect((await clientOf(second).statObject('room', 'a/file')).size).toBe(4);
  } finally {
    await second.stop();
    removeServerData(dir);
  }
}, 120_000);
