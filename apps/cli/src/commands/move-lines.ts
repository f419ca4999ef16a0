import { amount, type Between, type MovePlan } from '@coldroom/operations';
import type { MoveProgress, PlannedBag } from '@coldroom/register';
import { counted, flat, formatBytes, type Lines } from '@coldroom/terminal';
import { words } from '../lines';

const shown = 10;

/** How files in a state are described, in the order of the states. */
const doing = {
  moving: 'being carried over',
  moveCopied: 'being checked',
  moveVerified: 'becoming durable',
  moveSealed: 'whose links are being replaced',
} as const;

export function planLines({ movable, underWay, notNow }: MovePlan, { from, to, leftIn, inUse }: Between): Lines {
  const stays =
    leftIn === ''
      ? 'Nothing is left behind'
      : `Nothing is deleted in store ${from} (${leftIn}): its bags stay there as they are`;
  const lines = flat([
    movable.length > 0 && [
      `To move from store ${from} to store ${to}: ${bagWords(movable)}`,
      `Whole bags are moved, with all files in them. ${stays}${keptWords(inUse)}`,
    ],
    [...Map.groupBy(underWay, (bag) => bag.movingTo)].map(
      ([where, bags]) => `On their way to store ${where} already: ${bagWords(bags)}`,
    ),
    notNow.length > 0 && [
      `Not moved now: ${bagWords(notNow)}; a bag can go only when all its files are archived (linked or released). Their files are:`,
      listed(notNow, (bag) => `  ${bag.name}: ${bag.states.join(', ')}`),
    ],
  ]);
  return lines.length > 0 ? lines : `There is nothing to move in store ${from}.`;
}

/** The names of what was left behind. */
export function leftLines(bags: readonly PlannedBag[], { from, leftIn, inUse }: Between): Lines {
  return (
    bags.length > 0 &&
    leftIn !== '' && [
      `Nothing was deleted: these bags are still in store ${from} (${leftIn})${keptWords(inUse)}`,
      listed(bags, (bag) => `  ${bag.name}`),
    ]
  );
}

export function progressLine({ going, files }: MoveProgress): string {
  const parts = Object.entries(doing)
    .map(([state, what]) => ({ what, ...amount(files, (row) => row.state === state) }))
    .filter((part) => part.files > 0)
    .map((part) => `${counted(part.files, 'file')} (${formatBytes(part.bytes)}) ${part.what}`);
  return [`${counted(going, 'bag')} on the way`, ...parts].join(', ');
}

/** The plan for `--json`. */
export function planDocument(plan: MovePlan, { from, to, leftIn, inUse }: Between): Readonly<Record<string, unknown>> {
  const part = (bags: readonly PlannedBag[]): unknown => ({
    bags: bags.map(({ name, states, movingTo }) => ({ name, states, ...(movingTo !== null && { movingTo }) })),
    ...amount(bags),
  });
  return {
    from,
    to,
    left: { store: from, where: leftIn, inUse, bags: leftIn === '' ? [] : plan.movable.map((bag) => bag.name) },
    movable: part(plan.movable),
    underWay: part(plan.underWay),
    notNow: part(plan.notNow),
  };
}

function bagWords(bags: readonly PlannedBag[]): string {
  return `${counted(bags.length, 'bag')} with ${words(amount(bags))}`;
}

function keptWords(inUse: readonly string[]): string {
  return inUse.length === 0 ? '' : `; in ${inUse.join(', ')} they stay in use, keep them`;
}

function listed(bags: readonly PlannedBag[], line: (bag: PlannedBag) => string): Lines {
  return [
    bags.slice(0, shown).map(line),
    bags.length > shown && `  and ${counted(bags.length - shown, 'more bag')}; --json names all`,
  ];
}
