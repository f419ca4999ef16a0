import { containerKinds, type Container } from '@coldroom/domain';
import type { Target } from '@coldroom/register';
import { UsageError } from './failure';

export const targetKinds = ['Request', 'Image', 'Fileset', 'File'] as const;
export type TargetKind = (typeof targetKinds)[number];

const largestId = 2n ** 63n - 1n;
const longestRange = 100_000n;

/**
 * Reads objects as OMERO's command line names them: `Image:1,2 Fileset:9 File:12-15`, and `Legacy:45` for a fileset of
 * OMERO 4 data. Bare numbers are understood if `plain` gives their kind. One target for each kind, each id once.
 * @param also kinds that were already removed from the words; an error message names them as well
 */
export function parseTargets(
  words: readonly string[],
  allowed: readonly TargetKind[],
  plain?: TargetKind,
  also: readonly string[] = [],
): readonly Target[] {
  const ids = new Map<TargetKind, Set<bigint>>();
  const filesets = new Set<string>();
  for (const word of words) {
    const { name, list } = split(word, allowed, plain, also);
    for (const id of numbers(list, word)) {
      if (name === 'Fileset' || name === 'Legacy') filesets.add(`${name}:${id}`);
      else ids.set(name, (ids.get(name) ?? new Set()).add(id));
    }
  }
  return [
    ...[...ids].flatMap(([kind, set]) => (kind === 'Fileset' ? [] : [{ kind, ids: [...set] }])),
    ...(filesets.size > 0 ? [{ kind: 'Fileset' as const, names: [...filesets] }] : []),
  ];
}

/** Bare numbers, or with the one kind that is expected: `3 4` or `Request:3,4`. */
export function parseIds(words: readonly string[], kind: Exclude<TargetKind, 'Fileset'>): readonly bigint[] {
  return parseTargets(words, [kind], kind).flatMap((target) => (target.kind === 'Fileset' ? [] : target.ids));
}

/**
 * Words such as `Dataset:1,2`, which OMERO knows and the register does not; the other words are returned unchanged. Each
 * container once.
 */
export function splitContainers(words: readonly string[]): {
  readonly containers: readonly Container[];
  readonly others: readonly string[];
} {
  const found = new Map<string, Container>();
  const others = words.filter((word) => {
    const kind = containerKinds.find((each) => word.startsWith(`${each}:`));
    if (!kind) return true;
    for (const id of numbers(word.slice(kind.length + 1), word)) found.set(`${kind}:${id}`, { kind, id });
    return false;
  });
  return { containers: [...found.values()], others };
}

/** `Request:1,2`: a target as a person would write it. */
export function nameOf(target: Target): string {
  return target.kind === 'Fileset' ? target.names.join(' ') : `${target.kind}:${target.ids.join(',')}`;
}

function split(
  word: string,
  allowed: readonly TargetKind[],
  plain: TargetKind | undefined,
  also: readonly string[],
): { name: TargetKind | 'Legacy'; list: string } {
  const colon = word.indexOf(':');
  const list = word.slice(colon + 1);
  if (colon === -1 && plain !== undefined) return { name: plain, list };
  const name = word.slice(0, Math.max(colon, 0));
  const kind = allowed.find((each) => each === name);
  if (kind) return { name: kind, list };
  if (name === 'Legacy' && allowed.includes('Fileset')) return { name, list };
  const kinds = [...allowed, ...also];
  const near = kinds.find((each) => each.toLowerCase() === name.toLowerCase());
  const examples = kinds.map((each, at) => `${each}:${at === 0 ? '1,2' : '7'}`);
  throw new UsageError(
    `"${word}" is not understood${near ? `; did you mean ${near}:${list}?` : `: write ${plain ? 'a number or ' : ''}${examples.join(' or ')}`}`,
  );
}

function* numbers(list: string, word: string): Generator<bigint> {
  for (const part of list.split(',')) {
    const [, from, to] = /^([1-9]\d*)(?:-([1-9]\d*))?$/.exec(part) ?? [];
    if (from === undefined)
      throw new UsageError(`"${word}" is not understood: "${part}" is not a number; ids are written 1,2 or 3-5`);
    const [first, last] = [BigInt(from), BigInt(to ?? from)];
    if (last > largestId || last < first || last - first >= longestRange)
      throw new UsageError(`"${word}" is not understood: ${part} is no range of at most ${longestRange} ids`);
    for (let id = first; id <= last; id += 1n) yield id;
  }
}
