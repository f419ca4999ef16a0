import { killAtCrashPoints, type CrashSettings } from '@coldroom/domain';
import { EndOfBatch, Trees, failureOf, type Bounds, type ThreadAnswer } from '@coldroom/files';
import { workerData } from 'piscina';
import { BatchClaim, Budget } from './batch';
import { Bucket } from './bucket';
import type { Connection } from './connection';
import { digest, type DigestTask } from './digest';
import { fetch, type FetchTask } from './fetch';
import { put, type PutTask } from './put';

/** Entry point of the store's threads; each task is one batch, its requests run in parallel. */
export type S3Task =
  | { readonly verb: 'put'; readonly task: PutTask }
  | { readonly verb: 'digest'; readonly task: DigestTask }
  | { readonly verb: 'fetch'; readonly task: FetchTask };

export interface S3ThreadData {
  readonly connection: Connection;
  readonly crashPoints: CrashSettings;
}

const { connection, crashPoints } = workerData as S3ThreadData;
const bucket = new Bucket(connection);
const budget = new Budget(connection.partBytes * connection.partsInParallel, connection.partsInParallel);
killAtCrashPoints(crashPoints, (signal) => process.kill(process.pid, signal));

module.exports = async ({ verb, task, ...bounds }: S3Task & Bounds): Promise<ThreadAnswer> => {
  const claim = new BatchClaim(bounds);
  const trees = new Trees();
  const tools = { bucket, connection, budget, claim, trees };
  try {
    switch (verb) {
      case 'put':
        return { ok: await put(task, tools) };
      case 'digest':
        return { ok: await digest(task, tools) };
      case 'fetch':
        return { ok: await fetch(task, tools) };
    }
  } catch (error) {
    return { failed: failureOf(error instanceof EndOfBatch ? error.reason : error) };
  } finally {
    trees.close();
  }
};
