import type { ImageExplanation, PolicyTrial } from '@coldroom/operations';
import { worded, type Policy } from '@coldroom/policies';
import type { PolicyRun, ProposalTotals } from '@coldroom/register';
import {
  below,
  counted,
  flat,
  formatBytes,
  formatCount,
  formatTime,
  left,
  right,
  section,
  table,
  type Lines,
} from '@coldroom/terminal';
import { styled } from '../output';

const everyone = 'whatever is there';

export function listLines(
  policies: readonly Policy[],
  totals: readonly ProposalTotals[],
  last: PolicyRun | undefined,
): Lines {
  if (policies.length === 0) return 'The policies file has no rules.';
  const of = (name: string): ProposalTotals | undefined => totals.find(({ policy }) => policy === name);
  return [
    policies.map((policy) => [
      styled('bold', `${policy.name}${policy.active ? '' : ' (switched off)'}`),
      below(ruleLines(policy)),
    ]),
    section(
      'Proposed so far',
      table(
        [left('policy'), ...['objections open', 'to decide', 'declined', 'approved'].map(right)],
        policies
          .filter(({ propose }) => propose !== undefined)
          .map(({ name }) => {
            const { objecting = 0, waiting = 0, declined = 0, approved = 0 } = of(name) ?? {};
            return [name, ...[objecting, waiting, declined, approved].map(formatCount)];
          }),
      ),
    ),
    last === undefined
      ? 'Not evaluated yet.'
      : `Last evaluated: ${formatTime(last.finishedAt ?? last.askedAt)}${last.failed === null ? '' : `, failed: ${last.failed}`}`,
  ];
}

/** What a rule does, in words. */
export function ruleLines({ title, where, except, propose, move }: Policy): Lines {
  const words = (conditions: Policy['where']): string =>
    conditions.map((condition) => worded(condition, formatBytes)).join('; ');
  return [
    title,
    `where: ${where.length > 0 ? words(where) : everyone}`,
    except.length > 0 && `except: ${words(except)}`,
    propose &&
      `proposes at most ${formatBytes(propose.perDay)} a day; owners can object for ${counted(propose.objections, 'day')}`,
    move &&
      `moves bags from ${move.from} to ${move.to} after ${counted(move.after, 'day')}, at most ${formatBytes(move.perDay)} a day`,
  ];
}

export function trialLines({ policy, title, selected, notNow, wouldPropose, atNext }: PolicyTrial): Lines {
  return section(`${policy}: ${title}`, [
    `${counted(selected, 'fileset')} ${selected === 1 ? 'meets' : 'meet'} the conditions.`,
    notNow > 0 &&
      `${counted(notNow, 'fileset')} of them ${notNow === 1 ? 'is' : 'are'} in a request, or was proposed or retrieved lately.`,
    wouldPropose.length === 0
      ? 'Nothing would be proposed.'
      : table(
          [left('owner'), left('group'), ...['filesets', 'images', 'bytes'].map(right)],
          wouldPropose.map((one) => [
            one.owner,
            one.group,
            formatCount(one.filesets),
            formatCount(one.images),
            formatBytes(one.bytes),
          ]),
        ),
    atNext > 0n && `The limit of a day leaves ${formatBytes(atNext)} of it for later evaluations.`,
  ]);
}

export function explanationLines({
  policy,
  image,
  name,
  fileset,
  images,
  isProposed,
  reasons,
}: ImageExplanation): Lines {
  return [
    `${image} (${name})${fileset === null ? ', without a fileset' : `, ${fileset} with ${counted(images, 'image')}`}`,
    below(reasons.map(({ isMet, text }) => `${isMet ? styled('green', 'yes') : styled('red', 'no ')}  ${text}`)),
    isProposed ? `${policy} would propose it.` : `${policy} does not propose it.`,
  ];
}

interface RuleOutcome {
  readonly policy: string;
  readonly failed?: string;
  readonly requests?: readonly {
    readonly id: string;
    readonly owner: string;
    readonly images: number;
    readonly bytes: string;
  }[];
  readonly candidates?: number;
  readonly notNow?: number;
  readonly bags?: number;
  readonly bytes?: string;
  readonly more?: boolean;
}

/** What the scanner did for each rule. */
export function reportLines(report: PolicyRun['report']): Lines {
  const rules = (report?.['rules'] ?? []) as readonly RuleOutcome[];
  if (rules.length === 0) return 'No rule is active.';
  return flat(
    rules.map(({ policy, failed, requests, bags, bytes, candidates = 0, notNow = 0, more }) => [
      section(policy, [
        failed !== undefined && `${styled('red', 'failed:')} ${failed}`,
        requests &&
          `${counted(candidates, 'fileset')} read that meet the conditions, ${formatCount(notNow)} of them not to be proposed now`,
        requests?.map(
          (one) =>
            `request ${one.id}: ${counted(one.images, 'image')} (${formatBytes(BigInt(one.bytes))}) of ${one.owner}`,
        ),
        requests?.length === 0 && 'No new requests.',
        bags !== undefined && `${counted(bags, 'bag')} (${formatBytes(BigInt(bytes ?? '0'))}) will be moved.`,
        more === true && 'There is more; the limit of a day leaves it for later.',
      ]),
    ]),
  );
}
