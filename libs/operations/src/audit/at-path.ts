import { readlink, stat } from 'node:fs/promises';
import { codeOf, type RootName } from '@coldroom/domain';
import type { Files, Found } from '@coldroom/files';
import type { AuditedFile } from '@coldroom/register';

/** What is at an original's path. `blocked`: a parent directory has been replaced by a link or a file. */
export type AtPath =
  | { readonly kind: 'missing' | 'directory' | 'other' | 'blocked' }
  | { readonly kind: 'file'; readonly size: bigint }
  | { readonly kind: 'link'; readonly target: Buffer }
  | { readonly kind: 'unseen'; readonly error: unknown };

/** Where a link leads: to a file of this size, to nothing, or unknown. */
export type Reached =
  | { readonly kind: 'file'; readonly size: bigint }
  | { readonly kind: 'nowhere' | 'other' }
  | { readonly kind: 'unseen'; readonly error: unknown };

const atOnce = 16;

/** Looks at the paths of these files, all below one root, without following links. Throws if a root is unavailable. */
export async function lookAtPaths(
  files: Files,
  root: string,
  audited: readonly Pick<AuditedFile, 'id' | 'path'>[],
): Promise<ReadonlyMap<bigint, AtPath>> {
  const found = await files.inspect(audited.map(({ path }) => ({ root, path })));
  const looked = await severalAtOnce(
    audited,
    async (file, index) => [file.id, await atPath(root, file.path, found[index] as Found)] as const,
  );
  return new Map(looked);
}

async function atPath(root: string, path: Buffer, found: Found): Promise<AtPath> {
  switch (found.kind) {
    case 'file':
      return { kind: 'file', size: found.identity.size };
    case 'refused':
      return found.error.code === 'PARENT_NOT_A_DIRECTORY'
        ? { kind: 'blocked' }
        : { kind: 'unseen', error: found.error };
    case 'link':
      try {
        // The path was walked a moment ago without following links; here the link is only read.
        return {
          kind: 'link',
          target: await readlink(Buffer.concat([Buffer.from(`${root}/`), path]), { encoding: 'buffer' }),
        };
      } catch (error) {
        return { kind: 'unseen', error };
      }
    default:
      return { kind: found.kind };
  }
}

/** Follows link targets, as OMERO would. */
export async function follow(targets: readonly Buffer[]): Promise<readonly Reached[]> {
  return severalAtOnce(targets, async (target): Promise<Reached> => {
    try {
      const found = await stat(target, { bigint: true });
      return found.isFile() ? { kind: 'file', size: found.size } : { kind: 'other' };
    } catch (error) {
      return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
        ? { kind: 'nowhere' }
        : { kind: 'unseen', error };
    }
  });
}

export function byRoot(files: readonly AuditedFile[]): ReadonlyMap<RootName, readonly AuditedFile[]> {
  return Map.groupBy(files, (file) => file.root);
}

async function severalAtOnce<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const rest = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const [index, item] of rest) results[index] = await work(item, index);
    }),
  );
  return results;
}
