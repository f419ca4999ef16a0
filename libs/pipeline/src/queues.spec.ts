import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { codeOf, messageOf, NotYet, Refused, Transient } from '@coldroom/domain';
import { Log } from '@coldroom/runtime';
import { freePort, startRedis, type LocalServer } from '@coldroom/local';
import { readPayload } from './payload';
import { Queues } from './queues';
import { QueuesModule } from './queues.module';
import { RedisConnection } from './redis';
import { RecordedLog } from './testing';

const url = (): string => process.env['TEST_REDIS_URL'] as string;
const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

@Module({})
class Shared {}

@Module({})
class Alone {}

describe('the payload of a job', () => {
  test.each(['1', '42', '9999999999999999999'])('bag %s is read', (bagId) => {
    expect(readPayload({ v: 1, bagId })).toBe(BigInt(bagId));
  });

  test.each([
    [{ v: 0, bagId: '1' }],
    [{ v: 2, bagId: '1' }],
    [{ bagId: '1' }],
    [{ v: 1 }],
    [{ v: '1', bagId: '1' }],
    [{ v: 1, bagId: 1 }],
    [{ v: 1, bagId: '01' }],
    [{ v: 1, bagId: '-1' }],
    [{ v: 1, bagId: '0' }],
    [{ v: 1, bagId: '' }],
    [{ v: 1, bagId: '1; DROP TABLE bag' }],
    [{ v: 1, bagId: '1'.repeat(20) }],
    [{ v: 1, bagId: '1', path: '/etc/passwd' }],
    [{ v: 1, bagId: ['1'] }],
    [null],
    [undefined],
    [7],
    ['{"v":1,"bagId":"1"}'],
    [[1, '1']],
    [true],
  ])('%j is refused', (data) => {
    const error = (() => {
      try {
        return readPayload(data);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect([error instanceof Refused, codeOf(error), messageOf(error)]).toEqual([
      true,
      'JOB_NOT_UNDERSTOOD',
      expect.stringContaining('the register offers the bag again'),
    ]);
  });
});

describe('the queues', () => {
  const log = new RecordedLog();
  let app: INestApplicationContext | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function queuesOf(prefix: string): Promise<Queues> {
    app = await NestFactory.createApplicationContext(
      {
        module: Alone,
        imports: [
          { module: Shared, global: true, providers: [{ provide: Log, useValue: log }], exports: [Log] },
          QueuesModule.forRoot({ url: url(), prefix }),
        ],
      },
      { logger: log, abortOnError: false },
    );
    return app.get(Queues, { strict: false });
  }

  test('a bag that is already on a queue is not added twice; a stage has its own queue', async () => {
    const queues = await queuesOf('queues-twice');
    await queues.offer([
      { bagId: 5n, state: 'approved' },
      { bagId: 6n, state: 'approved' },
      { bagId: 5n, state: 'sealed' },
    ]);
    await queues.offer([{ bagId: 5n, state: 'approved' }]);
    expect([await queues.pending('hash'), await queues.pending('link'), await queues.pending('copy')]).toEqual([
      2, 1, 0,
    ]);
  });

  test('a job contains only the version and the bag', async () => {
    const queues = await queuesOf('queues-whole');
    await queues.offer([{ bagId: 7n, state: 'hashed' }]);
    const queue = new Queue('copy', { connection: { url: url() }, prefix: 'queues-whole' });
    expect((await queue.getJobs(['waiting'])).map((job) => [job.id, job.data])).toEqual([
      ['bag-7', { v: 1, bagId: '7' }],
    ]);
    await queue.close();
  });

  test('a missing Redis is reported as transient within seconds', async () => {
    const connection = new RedisConnection(`redis://127.0.0.1:${await freePort()}`, log);
    const error = await caught(connection.check());
    connection.disconnect();
    expect([error instanceof Transient, codeOf(error), messageOf(error)]).toEqual([
      true,
      'REDIS_UNAVAILABLE',
      'Redis does not answer: no connection within 5 s',
    ]);
  });
});

describe('a Redis that may drop jobs', () => {
  let dir: string;
  let redis: LocalServer;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-redis-'));
    redis = await startRedis({ dir });
  });
  afterAll(async () => {
    await redis.stop();
    await rm(dir, { recursive: true });
  });

  test('is refused, with the setting to change', async () => {
    const connection = new RedisConnection(redis.url, new RecordedLog());
    await connection.check();
    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const error = await caught(connection.check());
    expect([error instanceof Refused, codeOf(error), messageOf(error)]).toEqual([
      true,
      'REDIS_EVICTS',
      'Redis drops keys when memory is short (maxmemory-policy allkeys-lru); set it to noeviction',
    ]);
    expect(error).not.toBeInstanceOf(NotYet);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await connection.check();
    admin.disconnect();
    connection.disconnect();
  });
});
