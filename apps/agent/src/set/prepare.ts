import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Refused } from '@coldroom/domain';
import type { Agent } from '../agent';
import { keptPath, shown, type LocalPath } from '../local-path';
import { writeManifest } from './manifest';
import type { SetRecord } from './records';
import { lookOf } from './walk';

/** What is to be sent, for whom, and where to. */
export interface SetWish {
  readonly directory: LocalPath;
  readonly person: string;
  readonly target: string;
  readonly group?: string | undefined;
  readonly transfer?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly removeAfterMs: number | null;
}

/**
 * Hashes a set and records it. The same set for the same person and target has the same name, whenever it is prepared: the
 * server takes it once. `Refused` `SET_SENT_BEFORE`, and as `writeManifest`.
 */
export async function prepare(agent: Agent, wish: SetWish): Promise<SetRecord> {
  const { records, gate, signal } = agent;
  const { directory, removeAfterMs, ...order } = wish;
  const pause = (): Promise<void> => gate.open(signal);
  try {
    const { look } = await lookOf(directory);
    const { files, bytes, digest } = await writeManifest(directory, records.draft, pause);
    const identity = JSON.stringify([1, nameOf(directory).toString('hex'), Object.entries(order).toSorted(), digest]);
    const set = createHash('sha256').update(identity).digest('hex');
    const known = await records.get(set);
    if (known && known.phase !== 'freed') return sameSet(known, directory);
    await records.keepDraft(set);
    const record: SetRecord = {
      set,
      directory: keptPath(directory),
      shown: shown(directory),
      look,
      ...order,
      files,
      bytes: `${bytes}`,
      manifest: digest,
      phase: 'sending',
      order: null,
      state: null,
      note: null,
      provenAt: null,
      removeAfterMs,
    };
    await records.save(record);
    return record;
  } finally {
    await records.dropDraft();
  }
}

function sameSet(known: SetRecord, directory: LocalPath): SetRecord {
  if (known.directory === keptPath(directory)) return known;
  throw new Refused(
    'SET_SENT_BEFORE',
    `${shown(directory)} has the same files as ${known.shown}, which was sent for the same person and target. They are not sent twice.`,
  );
}

/** The name of the set's directory. */
export function nameOf(directory: LocalPath): Buffer {
  if (typeof directory === 'string') return Buffer.from(basename(directory));
  return Buffer.from(basename(directory.toString('latin1')), 'latin1');
}
