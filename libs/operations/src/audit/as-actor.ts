import type { AuditRun, CheckedCopy, KeptFixity, Register, Trouble } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { requireSight } from '../rights/require';
import { remedyOf } from '../verify/remedy';
import { auditRemedies } from './remedies';
import { discrepancyTitles, type DiscrepancyCode } from './report';

/** What audits found and is still so, of one kind. */
export interface OpenFinding {
  readonly code: DiscrepancyCode;
  readonly title: string;
  readonly total: number;
  readonly since: Date;
  readonly advice: string;
  /** Ready to paste, for some of the objects; null if no command helps. */
  readonly command: string | null;
  readonly examples: readonly {
    readonly object: string;
    readonly path?: string;
    readonly found: string;
    readonly remedy: string;
  }[];
}

/** A copy that was not right when it was last read. */
export interface BadCopy {
  readonly file: bigint;
  readonly path: string;
  readonly fileset: string;
  readonly size: bigint;
  readonly store: string;
  readonly bag: string;
  readonly code: string;
  readonly remedy: string;
}

export interface AuditReview {
  /** The newest first. */
  readonly runs: readonly AuditRun[];
  /** The newest of everything that came to its end. */
  readonly lastWhole: AuditRun | null;
  readonly findings: readonly OpenFinding[];
  /** As last counted, by store; empty while no regular check has run. */
  readonly coverage: readonly KeptFixity[];
  /** The first of them. */
  readonly badCopies: readonly BadCopy[];
  readonly isMoreBad: boolean;
}

const runsShown = 10;
const badShown = 20;

/** `Refused` `NO_SUCH_PAGE` to who may not see it. */
export async function auditFor(reviewer: Reviewer): Promise<AuditReview> {
  requireSight(reviewer, 'seeAudit');
  const { auditRuns, troubles, fixity, fixityCoverage } = reviewer.register;
  const faulty = await fixity.faulty(badShown + 1);
  const badCopies: BadCopy[] = [];
  for (const copy of faulty.slice(0, badShown)) badCopies.push(await badCopyOf(reviewer.register, copy));
  return {
    runs: await auditRuns.list(runsShown),
    lastWhole: (await auditRuns.lastWhole()) ?? null,
    findings: (await troubles.list('audit finding')).flatMap(findingOf),
    coverage: await fixityCoverage.kept(),
    badCopies,
    isMoreBad: faulty.length > badShown,
  };
}

/** What `recordFindings` keeps of a finding. */
interface Kept {
  readonly total: number;
  readonly objects: readonly string[];
  readonly examples: OpenFinding['examples'];
}

function findingOf({ code, detail, since }: Trouble): readonly OpenFinding[] {
  if (code === null || !Object.hasOwn(discrepancyTitles, code)) return [];
  const known = code as DiscrepancyCode;
  const { total, objects, examples } = detail as unknown as Kept;
  const { advice, command } = auditRemedies[known];
  return [
    {
      code: known,
      title: discrepancyTitles[known],
      total,
      since,
      advice,
      command: command?.(objects) ?? null,
      examples,
    },
  ];
}

async function badCopyOf({ fixity }: Register, copy: CheckedCopy): Promise<BadCopy> {
  const { id: file, display: path, fileset, size, store, bag } = copy;
  const code = copy.copyFault ?? '';
  const remedy = remedyOf(copy, code, await fixity.otherCopies(copy));
  return { file, path, fileset, size, store, bag, code, remedy };
}
