import type { PlannedBag, Register, Target } from '@coldroom/register';
import { onlyRead, readStores, type StoreSettings } from '@coldroom/stores';
import { Refused } from '@coldroom/domain';
import { UsageError } from '../failure';
import { selectedFiles } from '../selected-files';
import { storeSettings } from '../stores/open';

/** The two stores. */
export interface Between {
  readonly from: string;
  readonly to: string;
  /** The places with what is left behind; empty if there is nothing. */
  readonly leftIn: string;
  /** Places of the source store that the target store also uses: nothing is left behind there. */
  readonly inUse: readonly string[];
}

export interface MovePlan {
  readonly movable: readonly PlannedBag[];
  readonly underWay: readonly PlannedBag[];
  readonly notNow: readonly PlannedBag[];
}

/** Both stores as configured. `Refused` `STORE_UNKNOWN`, `STORE_ONLY_READ`, or `STORES_OVERLAP` if one contains the other. */
export async function between(path: string, from: string, to: string): Promise<Between> {
  if (from === to) throw new UsageError(`A move needs two stores; both are ${from}`);
  const settings = await readStores(path);
  const [left, entered] = [storeSettings(settings, from), storeSettings(settings, to)];
  if (entered.kind === 'older') throw onlyRead(to);
  if (entered.kind === 'copies' && entered.of.includes(from)) {
    throw new Refused(
      'STORES_OVERLAP',
      `Store ${to} keeps its copies in ${from}, among others: its bags cannot be moved there. New requests may go there`,
    );
  }
  if (left.kind !== 'copies') return { from, to, leftIn: placeOf(left), inUse: [] };
  const kept = entered.kind === 'copies' ? entered.of : [to];
  const of = (inUse: boolean): readonly string[] => left.of.filter((name) => kept.includes(name) === inUse);
  return { from, to, leftIn: of(false).join(', '), inUse: of(true) };
}

function placeOf(settings: Exclude<StoreSettings, { readonly kind: 'copies' }>): string {
  switch (settings.kind) {
    case 'file':
    case 'older':
      return settings.directory;
    case 'arkivum':
      return settings.mount;
    case 's3':
      return `${settings.endpoint.replace(/\/$/, '')}/${settings.bucket}/${settings.prefix}`;
  }
}

/** Each bag once, however often it is named; without targets, all bags of the store. */
export async function planMove(
  register: Register,
  { from, to }: Pick<Between, 'from' | 'to'>,
  targets: readonly Target[],
): Promise<MovePlan> {
  await selectedFiles(register, targets, 'filesets'); // unknown targets are reported first
  const found = new Map<bigint, PlannedBag>();
  for (const target of targets.length > 0 ? targets : [undefined])
    for (const bag of await register.moves.plan(from, target, to)) found.set(bag.id, bag);
  const of = (kind: PlannedBag['kind']): readonly PlannedBag[] =>
    [...found.values()].filter((bag) => bag.kind === kind);
  return { movable: of('movable'), underWay: of('under way'), notNow: of('not now') };
}
