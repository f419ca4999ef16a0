import type { Identity } from '@coldroom/domain';
import { codeOf } from '@coldroom/domain';
import { lstatSync } from 'node:fs';
import { failureOf, readingFailed, type Failure } from './failures';
import { identityOf, typeOf, type FileType } from './identity';
import type { Trees } from './trees';
import { bytesOf, type WirePath } from './wire';

export interface InspectTask {
  readonly places: readonly { readonly root: string; readonly path: WirePath }[];
}

/** What stands at a place. `blocks` counts 512 bytes each, as stat(2). */
export type Seen =
  { readonly kind: FileType; readonly identity: Identity; readonly blocks: bigint } | { readonly kind: 'missing' };

export type WireFound = Seen | { readonly kind: 'refused'; readonly failed: Failure };

/** Looks at places without opening or following anything. Only the system's "not there" is `missing`. */
export function inspect(task: InspectTask, trees: Trees): readonly WireFound[] {
  return task.places.map(({ root, path }) => inspectOne(root, bytesOf(path), trees));
}

function inspectOne(root: string, path: Buffer, trees: Trees): WireFound {
  try {
    const stats = lstatSync(trees.at(root).locate(path).at, { bigint: true });
    const identity = identityOf(stats);
    return { kind: typeOf(identity.mode), identity, blocks: stats.blocks };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' };
    return { kind: 'refused', failed: failureOf(readingFailed(error, path)) };
  }
}
