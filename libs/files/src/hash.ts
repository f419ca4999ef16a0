import type { CopyRead, DigestAlgorithm, Digests, Identity } from '@coldroom/domain';
import { crashPoint } from '@coldroom/domain';
import { closeSync } from 'node:fs';
import type { Claim } from './claim';
import { RunningDigests } from './digest/digest';
import { failureOf, readingFailed } from './failures';
import { noteRefusal, openFile, readThrough, type Way } from './read';
import type { Trees } from './trees';
import { bytesOf, type WireOutcome, type WirePath } from './wire';

export interface HashTask {
  readonly sources: readonly {
    readonly root: string;
    readonly path: WirePath;
    readonly algorithms: readonly DigestAlgorithm[];
    readonly expect?: Identity | undefined;
  }[];
  readonly way: Way;
}

/** The result of one pass over a file. */
export interface Hashed {
  readonly digests: Digests;
  readonly identity: Identity;
  readonly read: CopyRead;
}

/** Reads each file once and computes all its digests. A bad file affects its own outcome only. */
export async function hash(task: HashTask, claim: Claim, trees: Trees): Promise<readonly WireOutcome<Hashed>[]> {
  const outcomes: WireOutcome<Hashed>[] = [];
  for (const source of task.sources) {
    const path = bytesOf(source.path);
    try {
      outcomes.push({ ok: await hashOne({ ...source, path }, task.way, claim, trees) });
    } catch (error) {
      outcomes.push({ failed: failureOf(readingFailed(error, path)) });
    }
  }
  return outcomes;
}

type Wanted = Omit<HashTask['sources'][number], 'path'> & { readonly path: Buffer };

async function hashOne(source: Wanted, way: Way, claim: Claim, trees: Trees): Promise<Hashed> {
  const { root, path, algorithms, expect } = source;
  const running = new RunningDigests(algorithms);
  const file = openFile(trees.at(root), path, way, expect);
  try {
    await readThrough(file, (piece) => {
      claim.check(); // reading does no harm, but work for a lost claim is wasted
      running.update(piece);
      claim.done(piece.length);
    });
  } catch (error) {
    if (noteRefusal(error, file)) return await hashOne(source, way, claim, trees);
    throw error;
  } finally {
    closeSync(file.fd);
  }
  crashPoint('verify:1-read');
  return { digests: running.digests(), identity: file.identity, read: file.read };
}
