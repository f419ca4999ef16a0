import type { RelinkPlan } from '@coldroom/operations';
import { counted, type Lines } from '@coldroom/terminal';

/** What a code means for a link that stays as it is. */
const why: Readonly<Record<string, string>> = {
  COPY_MISSING: 'the store has no such copy',
  COPY_SIZE: 'the copy has another size',
  COPY_CHANGED: 'the copy is not the file that was proven; --read compares its content',
  COPY_DIFFERS: 'the copy was not proven to have the content of the original; --read compares it',
  COPY_NOT_PROVEN: 'the copy was not read in a way that the store accepts; --read compares its content',
  NOT_DURABLE: 'the store does not call the copy durable',
};

export function planLines(plan: RelinkPlan): Lines {
  const { store, directory, here, elsewhere, kept, notOurs, left, missingBags } = plan;
  return [
    `Store ${store} is at ${directory}. ${counted(here, 'link')} already lead there.`,
    [...elsewhere].map(([from, files]) => `${counted(files, 'link')} lead into ${from}.`),
    [...kept].map(
      ([code, files]) =>
        `  Of these, ${counted(files, 'link')} stay as they are: ${code}, ${why[code] ?? 'see docs/error-codes.md'}.`,
    ),
    missingBags.count > 0 &&
      `${counted(missingBags.count, 'bag')} not seen there: ${missingBags.names.join(', ')}${missingBags.count > missingBags.names.length ? ', …' : ''}`,
    notOurs > 0 && `${counted(notOurs, 'file')} have no link of ours at their path: "coldroom audit" names them.`,
    left > 0 &&
      `${counted(left, 'file')} are left out, as they or others of their bags are stuck or being worked on: see to the stuck ones, and run this again later.`,
    elsewhere.size === 0 && 'There is nothing to do.',
  ];
}

export function planDocument(plan: RelinkPlan): Readonly<Record<string, unknown>> {
  return {
    ...plan,
    elsewhere: Object.fromEntries(plan.elsewhere),
    kept: Object.fromEntries(plan.kept),
  };
}
