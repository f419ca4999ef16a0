import type { PlannedBag, Register, Target } from '@coldroom/register';
import { readStores, type StoreSettings, type StoresSettings } from '@coldroom/stores';
import { Refused } from '@coldroom/domain';
import { counted, formatBytes } from '@coldroom/terminal';
import { UsageError } from '../failure';
import type { Amount } from '../selected-files';

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

const shown = 10;

/** Both stores as configured. `Refused` `STORE_UNKNOWN`, or `STORES_OVERLAP` if one contains the other. */
export async function between(path: string, from: string, to: string): Promise<Between> {
  if (from === to) throw new UsageError('--from and --to name the same store');
  const settings = await readStores(path);
  const [left, entered] = [settingsOf(settings, from), settingsOf(settings, to)];
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

function settingsOf({ stores }: StoresSettings, name: string): StoreSettings {
  const found = Object.hasOwn(stores, name) ? stores[name] : undefined;
  if (!found)
    throw new Refused(
      'STORE_UNKNOWN',
      `The settings name no store "${name}"; there are ${Object.keys(stores).join(', ')}.`,
    );
  return found;
}

function placeOf(settings: Exclude<StoreSettings, { readonly kind: 'copies' }>): string {
  switch (settings.kind) {
    case 'file':
      return settings.directory;
    case 'arkivum':
      return settings.mount;
    case 's3':
      return `${settings.endpoint.replace(/\/$/, '')}/${settings.bucket}/${settings.prefix}`;
  }
}

/** Each bag once, however often it is named. */
export async function movePlan(
  register: Register,
  { from, to }: Pick<Between, 'from' | 'to'>,
  targets: readonly Target[],
): Promise<MovePlan> {
  const found = new Map<bigint, PlannedBag>();
  for (const target of targets.length > 0 ? targets : [undefined])
    for (const bag of await register.moves.plan(from, target, to)) found.set(bag.id, bag);
  const of = (kind: PlannedBag['kind']): readonly PlannedBag[] =>
    [...found.values()].filter((bag) => bag.kind === kind);
  return { movable: of('movable'), underWay: of('under way'), notNow: of('not now') };
}

export function amountIn(bags: readonly PlannedBag[]): Amount {
  return {
    files: bags.reduce((sum, bag) => sum + bag.files, 0),
    bytes: bags.reduce((sum, bag) => sum + bag.bytes, 0n),
  };
}

export function movePlanLines(
  { movable, underWay, notNow }: MovePlan,
  { from, to, leftIn, inUse }: Between,
): readonly string[] {
  const words = (bags: readonly PlannedBag[]): string => {
    const { files, bytes } = amountIn(bags);
    return `${counted(bags.length, 'bag')} with ${counted(files, 'file')}, ${formatBytes(bytes)}`;
  };
  const lines = [
    ...(movable.length > 0
      ? [
          `To move from store ${from} to store ${to}: ${words(movable)}`,
          `Whole bags are moved, with all files in them. ${leftIn === '' ? 'Nothing is left behind' : `Nothing is deleted in store ${from} (${leftIn}): its bags stay there as they are`}${keptWords(inUse)}`,
        ]
      : []),
    ...[...Map.groupBy(underWay, (bag) => bag.movingTo)].map(
      ([where, bags]) => `On their way to store ${where} already: ${words(bags)}`,
    ),
    ...(notNow.length > 0
      ? [
          `Not moved now: ${words(notNow)}; a bag can go only when all its files are archived (linked or released). Their files are:`,
          ...listed(notNow, (bag) => `  ${bag.name}: ${bag.states.join(', ')}`),
        ]
      : []),
  ];
  return lines.length > 0 ? lines : [`There is nothing to move in store ${from}.`];
}

/** The names of what was left behind. */
export function leftLines(bags: readonly PlannedBag[], { from, leftIn, inUse }: Between): readonly string[] {
  return bags.length === 0 || leftIn === ''
    ? []
    : [
        `Nothing was deleted: these bags still lie in store ${from} (${leftIn})${keptWords(inUse)}`,
        ...listed(bags, (bag) => `  ${bag.name}`),
      ];
}

function keptWords(inUse: readonly string[]): string {
  return inUse.length === 0 ? '' : `; in ${inUse.join(', ')} they stay in use, keep them`;
}

function listed(bags: readonly PlannedBag[], line: (bag: PlannedBag) => string): readonly string[] {
  return [
    ...bags.slice(0, shown).map(line),
    ...(bags.length > shown ? [`  and ${counted(bags.length - shown, 'more bag')}; --json names all`] : []),
  ];
}
