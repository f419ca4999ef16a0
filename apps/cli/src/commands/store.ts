import { randomBytes } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { exitCodes } from '@coldroom/runtime';
import { validateStore, type PromiseFinding } from '@coldroom/stores';
import { table } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import type { Act, Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { yesOption } from '../options';
import { styled } from '../output';
import { unclaimed, withStores } from '@coldroom/operations';

export function addStore(program: Command, act: Act): void {
  const store = program.command('store').description('the stores of the stores file: look at them, try one out');
  store
    .command('list')
    .description('all stores, and whether each can be read and written')
    .addHelpText('after', examples('store list'))
    .action(() => act(list));
  store
    .command('validate')
    .argument('<name>', 'a store of the stores file')
    .description(
      'try out whether a store keeps what Coldroom relies on, with about 5 MB of small files; they stay there permanently',
    )
    .option(...yesOption)
    .addHelpText('after', examples('store validate main'))
    .action((name: string, { yes = false }: { readonly yes?: boolean }) =>
      act((context) => validate(context, name, yes)),
    );
}

async function list(context: Context): Promise<ExitCode> {
  const rows = await withStores(context, async ({ stores }) => {
    const found = [];
    for (const store of stores.all) {
      const fault = await store.check('write').then(
        () => null,
        (error: unknown) => ({ code: codeOf(error), message: messageOf(error) }),
      );
      found.push({ name: store.name, kind: store.kind, default: store === stores.default, fault });
    }
    return found;
  });
  context.out.result(rows, () =>
    table(
      [{ title: 'store' }, { title: 'kind' }, { title: 'default' }, { title: 'check' }],
      rows.map((row) => [
        row.name,
        row.kind,
        row.default ? 'yes' : '',
        row.fault ? styled('red', `${row.fault.code}: ${row.fault.message}`) : 'can be used',
      ]),
    ),
  );
  return rows.some((row) => row.fault !== null) ? exitCodes.failed : exitCodes.ok;
}

async function validate(context: Context, name: string, yes: boolean): Promise<ExitCode> {
  return withStores(context, async ({ stores }) => {
    const store = stores.get(name);
    const bag = `validate-${randomBytes(8).toString('hex')}`;
    const question = `A bag ${bag} with about 5 MB of random files will be written into store ${name} and sealed. Coldroom deletes nothing: it stays there permanently. Continue?`;
    if (!(await confirmed(question, { yes, json: context.out.json }))) {
      context.out.note('Nothing was changed.');
      return exitCodes.failed;
    }
    const directory = await mkdtempDisposable(join(tmpdir(), 'coldroom-validate-'));
    const findings: PromiseFinding[] = [];
    try {
      for await (const finding of validateStore(store, bag, directory.path, unclaimed())) {
        context.out.note(line(finding));
        findings.push(finding);
      }
    } finally {
      await directory.remove();
    }
    const broken = findings.filter(({ outcome }) => outcome === 'broken');
    const left = await whatIsLeft(store, bag);
    context.out.result({ store: name, kind: store.kind, bag, left, findings }, () => [
      broken.length === 0
        ? `Store ${name} kept what was tried.`
        : styled('red', `Store ${name} broke ${broken.length} of ${findings.length} promises: do not archive into it.`),
      `${left} Coldroom deletes nothing; "coldroom rebuild" passes it by.`,
    ]);
    return broken.length === 0 ? exitCodes.ok : exitCodes.failed;
  });
}

async function whatIsLeft(store: Parameters<typeof validateStore>[0], bag: string): Promise<string> {
  try {
    for await (const each of store.bags())
      if (each === bag) return `The sealed bag ${bag} stays in the store, at ${placeOf(store, bag)}.`;
    return `What was written of the open bag ${bag} stays in the store.`;
  } catch (error) {
    if (!(error instanceof Refused) && codeOf(error) === 'UNKNOWN') throw error;
    return `Bag ${bag} may be in the store, which does not answer: ${messageOf(error)}.`;
  }
}

/** As a link would name it; where links lead elsewhere, the store knows the bag by its name. */
function placeOf(store: Parameters<typeof validateStore>[0], bag: string): string {
  if (store.recallRoot !== undefined) return `its bag "${bag}"`;
  return store
    .linkTarget(bag, Buffer.from('x'))
    .toString()
    .replace(/\/data\/x$/, '');
}

const marks = {
  kept: ['green', '    kept '],
  'not tried': ['yellow', 'not tried'],
  broken: ['red', '  BROKEN '],
} as const;

function line({ promise, outcome, reason }: PromiseFinding): string {
  const [style, mark] = marks[outcome];
  return `${styled(style, mark)}  ${promise}${reason === undefined ? '' : `: ${reason}`}`;
}
