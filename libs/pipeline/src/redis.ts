import { type OnApplicationShutdown } from '@nestjs/common';
import type { ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { Refused, Transient } from '@coldroom/domain';
import type { Log } from '@coldroom/runtime';
import { redisOptions } from './redis-options';

const retryStrategy = (times: number): number => Math.min(times * 100, 2000);

/** A primary that became a replica. The next connection is made to its successor. */
const reconnectOnError = (error: Error): boolean => error.message.startsWith('READONLY');

/** The connection that the queues of this process share, and the connection options of its workers. */
export class RedisConnection implements OnApplicationShutdown {
  /** Fails immediately while Redis is unavailable, so that no offer waits for it. */
  readonly forQueues: Redis;
  /** A worker opens its own connections with these; they wait for Redis as long as necessary. */
  readonly forWorkers: ConnectionOptions;

  constructor(url: string, log: Log) {
    const { url: address, ...options } = { ...redisOptions(url), retryStrategy, reconnectOnError };
    const forQueues = { ...options, enableOfflineQueue: false, maxRetriesPerRequest: 1 };
    this.forQueues = address === undefined ? new Redis(forQueues) : new Redis(address, forQueues);
    this.forQueues.on('error', (error) => log.debug('redis', error.message));
    this.forWorkers = { ...options, ...(address === undefined ? {} : { url: address }), maxRetriesPerRequest: null };
  }

  /** Whether Redis is answering now, as far as is known. */
  get connected(): boolean {
    return this.forQueues.status === 'ready';
  }

  /**
   * Fails with `Transient` `REDIS_UNAVAILABLE`, or with `Refused` `REDIS_EVICTS` if Redis may drop jobs to save memory.
   */
  async check(): Promise<void> {
    const info = await this.answer(() => this.forQueues.info('memory'));
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    if (policy !== 'noeviction') {
      throw new Refused(
        'REDIS_EVICTS',
        `Redis drops keys when memory is short (maxmemory-policy ${policy}); set it to noeviction`,
      );
    }
  }

  /** The version of the server. */
  async version(): Promise<string> {
    const info = await this.answer(() => this.forQueues.info('server'));
    return /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  }

  /** Sends a command to Redis; `Transient` `REDIS_UNAVAILABLE` if it does not answer within seconds. */
  async answer<T>(ask: () => Promise<T>): Promise<T> {
    try {
      if (!this.connected) await this.untilReady();
      return await ask();
    } catch (error) {
      throw new Transient(
        'REDIS_UNAVAILABLE',
        `Redis does not answer: ${(error as Error).message}`,
        {},
        { cause: error },
      );
    }
  }

  disconnect(): void {
    this.forQueues.disconnect();
  }

  onApplicationShutdown(): void {
    this.disconnect();
  }

  private async untilReady(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const ready = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.forQueues.off('ready', ready);
        reject(new Error('no connection within 5 s'));
      }, 5000);
      this.forQueues.once('ready', ready);
    });
  }
}
