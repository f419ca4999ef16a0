import {
  listStores,
  planStoreRename,
  planValidation,
  renameStore,
  validate,
  withStores,
  type Remainder,
} from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import type { PromiseFinding } from '@coldroom/stores';
import { counted, left, table } from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { styled } from '../output';

export function addStore(program: CliCommand): void {
  const store = program.command('store').description('the stores of the stores file: look at them, try one out');
  store
    .command('list')
    .description('all stores, and whether each can be read and written')
    .examples('store list')
    .runs(async (context) => {
      const rows = await listStores(context);
      return {
        document: rows,
        lines: table(
          ['store', 'kind', 'default', 'check'].map(left),
          rows.map(({ name, kind, default: isDefault, fault }) => [
            name,
            kind,
            isDefault ? 'yes' : '',
            fault ? styled('red', `${fault.code}: ${fault.message}`) : 'can be used',
          ]),
        ),
        exitCode: rows.some((row) => row.fault !== null) ? exitCodes.failed : exitCodes.ok,
      };
    });
  store
    .command('validate')
    .argument('<name>', 'a store of the stores file')
    .description(
      'try out whether a store keeps what Coldroom relies on, with about 5 MB of small files; they stay there permanently',
    )
    .yes()
    .examples('store validate main')
    .runs(runValidate);
  store
    .command('rename')
    .argument('<from>', 'its old name')
    .argument('<to>', 'its new name, as the stores file has it now')
    .description('give a store another name; all services must be stopped')
    .yes()
    .by()
    .examples('store rename main archive-2026')
    .runs(runRename);
}

async function runRename(
  context: Context,
  from: string,
  to: string,
  { yes, by }: { readonly yes?: boolean; readonly by: string },
): Promise<Result> {
  const plan = await planStoreRename(context.settings('stores').COLDROOM_STORES, from, to);
  await context.confirm(
    `Store ${from} becomes ${to}, in the register and in ${plan.directories.length > 0 ? `the marker of ${plan.directories.join(', ')}` : 'no marker'}. Continue?`,
    yes,
  );
  const bags = await context.register((register) => renameStore(register, plan, by));
  return {
    document: { ...plan, bags },
    lines: `Store ${from} is now ${to}, with ${counted(bags, 'bag')}. Start the services again.`,
  };
}

async function runValidate(context: Context, name: string, { yes }: { readonly yes?: boolean }): Promise<Result> {
  return withStores(context, async (places) => {
    const plan = planValidation(places, name);
    await context.confirm(
      `A bag ${plan.bag} with about 5 MB of random files will be written into store ${name} and sealed. Coldroom deletes nothing: it stays there permanently. Continue?`,
      yes,
    );
    const steps = validate(plan);
    let step = await steps.next();
    for (; !step.done; step = await steps.next()) context.out.note(findingLine(step.value));
    const { findings, broken, remainder } = step.value;
    const rest = remainderLine(remainder, plan.bag);
    return {
      document: { store: name, kind: plan.store.kind, bag: plan.bag, left: rest, findings },
      lines: [
        broken === 0
          ? `Store ${name} kept what was tried.`
          : styled('red', `Store ${name} broke ${broken} of ${findings.length} promises: do not archive into it.`),
        `${rest} Coldroom deletes nothing; "coldroom rebuild" passes it by.`,
      ],
      exitCode: broken === 0 ? exitCodes.ok : exitCodes.failed,
    };
  });
}

function remainderLine(remainder: Remainder, bag: string): string {
  switch (remainder.kind) {
    case 'sealed':
      return `The sealed bag ${bag} stays in the store, at ${remainder.at}.`;
    case 'open':
      return `What was written of the open bag ${bag} stays in the store.`;
    case 'unknown':
      return `Bag ${bag} may be in the store, which does not answer: ${remainder.reason}.`;
  }
}

const marks = {
  kept: ['green', '    kept '],
  'not tried': ['yellow', 'not tried'],
  broken: ['red', '  BROKEN '],
} as const;

function findingLine({ promise, outcome, reason }: PromiseFinding): string {
  const [style, mark] = marks[outcome];
  return `${styled(style, mark)}  ${promise}${reason === undefined ? '' : `: ${reason}`}`;
}
