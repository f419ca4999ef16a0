import {
  chosenPolicies,
  explainPolicy,
  openPolicies,
  parseIds,
  tryPolicy,
  untilEvaluated,
  UsageError,
  withPolicyDatabase,
  type PolicyTrial,
} from '@coldroom/operations';
import type { Policy, Proposing } from '@coldroom/policies';
import type { DueBagToMove, Register } from '@coldroom/register';
import { exitCodes, parseDuration } from '@coldroom/runtime';
import { counted, formatBytes, section, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import type { Context } from '../context';
import { single } from '../parsing';
import { follow } from '../waiting';
import { explanationLines, listLines, reportLines, trialLines } from './policy-lines';

const shownBags = 100_000;

export function addPolicies(program: CliCommand): void {
  const policies = program.command('policies').description('rules that propose archiving and move copies');
  addList(policies);
  addTest(policies);
  addRun(policies);
}

function addList(policies: CliCommand): void {
  policies
    .command('list')
    .description('show the rules, and what each has proposed')
    .examples('policies list')
    .runs(async (context) =>
      context.register(async (register) => {
        const { everyDays, policies: rules } = await openPolicies(context);
        const [totals, last] = [await register.proposals.totals(), await register.policyRuns.last()];
        return {
          document: { everyDays, policies: rules, proposed: totals, last },
          lines: listLines(rules, totals, last),
        };
      }),
    );
}

function addTest(policies: CliCommand): void {
  policies
    .command('test')
    .argument('[policy]', 'its name; all rules without it')
    .description('show what the rules would do now; changes nothing')
    .option('--explain <image>', 'why the rule proposes the fileset of this image, or why not: Image:7')
    .examples('policies test', 'policies test old-data --explain Image:7')
    .runs(async (context, name: string | undefined, { explain }: { readonly explain?: string }) =>
      context.register(async (register) => {
        const rules = chosenPolicies(await openPolicies(context), name);
        return explain === undefined ? tryAll(context, register, rules) : explainOne(context, register, rules, explain);
      }),
    );
}

type ProposingRule = Policy & { readonly propose: Proposing };
const proposing = (rules: readonly Policy[]): readonly ProposingRule[] =>
  rules.filter((rule): rule is ProposingRule => rule.propose !== undefined);

async function explainOne(context: Context, register: Register, rules: readonly Policy[], word: string) {
  const image = single(parseIds([word], 'Image'), 'policies test --explain');
  const those = proposing(rules);
  if (those.length === 0)
    throw new UsageError('A rule that moves copies is about bags, not images: see "policies test"');
  return withPolicyDatabase(context, async (omero) => {
    const explanations = [];
    for (const rule of those) explanations.push(await explainPolicy({ omero, register }, rule, rule.propose, image));
    return { document: { explanations }, lines: explanations.map(explanationLines) };
  });
}

async function tryAll(context: Context, register: Register, rules: readonly Policy[]) {
  const trials: PolicyTrial[] = [];
  const those = proposing(rules);
  if (those.length > 0)
    await withPolicyDatabase(context, async (omero) => {
      for (const rule of those) trials.push(await tryPolicy({ omero, register }, rule, rule.propose));
    });
  const moves = [];
  for (const rule of rules) {
    if (!rule.move) continue;
    const { from, to, after } = rule.move;
    const bags = await register.tierMoves.due({ policy: rule.name, from, afterDays: after, ...rule.who }, shownBags);
    moves.push({ policy: rule.name, from, to, bags: bags.length, bytes: bytesOf(bags) });
  }
  return {
    document: { trials, moves },
    lines: [
      trials.map(trialLines),
      moves.map(({ policy, bags, bytes, from, to }): Lines =>
        section(policy, `${counted(bags, 'bag')} (${formatBytes(bytes)}) would be moved from ${from} to ${to}.`),
      ),
    ],
  };
}

const bytesOf = (bags: readonly DueBagToMove[]): bigint => bags.reduce((sum, { bytes }) => sum + bytes, 0n);

function addRun(policies: CliCommand): void {
  policies
    .command('run')
    .argument('[policy]', 'its name; all rules without it')
    .description('ask the running scanner to evaluate the rules now, and show what it did')
    .option('--no-wait', 'only ask')
    .option('--timeout <duration>', 'wait no longer than this, for example 5m; the evaluation stays asked for')
    .by()
    .examples('policies run', 'policies run old-data --timeout 5m')
    .runs(async (context, name: string | undefined, options: RunOptions) => {
      const { wait, timeout, by } = options;
      const limitMs = timeout === undefined ? Infinity : parseDuration(timeout);
      if (limitMs === undefined) throw new UsageError(`--timeout needs a duration such as 30s or 5m, not "${timeout}"`);
      chosenPolicies(await openPolicies(context), name); // an unknown name is reported at once
      return context.register(async (register) => {
        const id = await register.policyRuns.ask(name ?? null, by);
        if (wait === false) return { document: { run: id, asked: true }, lines: `Evaluation ${id} is asked for.` };
        const steps = untilEvaluated(register, id, limitMs);
        const { failed, report } = await follow(
          context.out,
          steps,
          () => 'The scanner evaluates the rules',
          () => undefined,
        );
        return {
          document: { run: id, failed, report },
          lines: failed === null ? reportLines(report) : `The evaluation failed: ${failed}`,
          exitCode: failed === null ? exitCodes.ok : exitCodes.failed,
        };
      });
    });
}

interface RunOptions {
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly by: string;
}
