import type { Identity } from '@coldroom/domain';
import { codeOf } from '@coldroom/domain';
import { failureOf, readingFailed, type Failure } from './failures';
import { freshOf } from './fresh';
import { typeOf, type FileType } from './identity';
import { protectedAgainstChange } from './protection';
import type { Trees } from './trees';
import { bytesOf, type WirePath } from './wire';

export interface InspectTask {
  readonly places: readonly { readonly root: string; readonly path: WirePath }[];
  /** Whether to check, too, if a link could take the place of each file. */
  readonly protection: boolean;
}

/** What is at a path. `blocks` counts units of 512 bytes, as stat(2). */
export type Seen =
  { readonly kind: FileType; readonly identity: Identity; readonly blocks: bigint } | { readonly kind: 'missing' };

export type WireFound =
  (Seen & { readonly protectedBy?: Failure }) | { readonly kind: 'refused'; readonly failed: Failure };

/** Inspects paths without opening or following anything. Only the system's "not there" is `missing`. */
export function inspect(task: InspectTask, trees: Trees): readonly WireFound[] {
  return task.places.map(({ root, path }) => inspectOne(root, bytesOf(path), trees, task.protection));
}

function inspectOne(root: string, path: Buffer, trees: Trees, protection: boolean): WireFound {
  try {
    const { at } = trees.at(root).locate(path);
    const { identity, blocks } = freshOf(at);
    const seen = { kind: typeOf(identity.mode), identity, blocks };
    const refused = protection && seen.kind === 'file' ? protectedAgainstChange(at) : undefined;
    return refused ? { ...seen, protectedBy: failureOf(refused) } : seen;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' };
    return { kind: 'refused', failed: failureOf(readingFailed(error, path)) };
  }
}
