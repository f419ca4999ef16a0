import { messageOf } from '@coldroom/domain';
import type { FoundTrouble, Register, Trouble } from '@coldroom/register';
import { discrepancyCodes, discrepancyTitles, type Discrepancy, type DiscrepancyCode, type Report } from './report';

const kind = 'audit finding';
const actor = 'audit';
const examples = 5;

/** What the register keeps of the findings of one code. */
interface Kept {
  readonly total: number;
  /** Those that the report named. */
  readonly objects: readonly string[];
}

/**
 * Records what an audit found, so that administrators get mail about it: once, and again when there is more. Only an
 * audit of everything that left nothing out proves that a finding is gone.
 */
export async function recordFindings(
  { troubles }: Pick<Register, 'troubles'>,
  report: Report,
  { whole }: { readonly whole: boolean },
): Promise<void> {
  const known = new Map((await troubles.list(kind)).map((trouble) => [trouble.name, trouble]));
  const open = [...report.findings()].filter(([, { total, repaired }]) => total > repaired);
  const found = open.map(([code, { total, repaired, shown }]) =>
    findingOf(code, { total: total - repaired, shown }, known.get(nameOf(code))),
  );
  const complete = whole && report.notLooked().length === 0;
  // An audit that left something out counts no more than a part of what is known.
  await troubles.found(complete ? found : found.filter(({ name, grown }) => grown || !known.has(name)), actor);
  if (!complete) return;
  const codes = open.map(([code]) => code);
  await troubles.over(discrepancyCodes.filter((code) => !codes.includes(code)).map(nameOf), actor);
}

/** Keeps when the audit ran and what became of it. */
export async function recordRun(
  { auditRuns }: Pick<Register, 'auditRuns'>,
  { fix, store, by }: { readonly fix: boolean; readonly store: string | undefined; readonly by: string },
  report: Report,
  run: () => Promise<void>,
): Promise<void> {
  const id = await auditRuns.begin({ by, store: store ?? null, fix });
  try {
    await run();
  } catch (error) {
    await auditRuns.fail(id, messageOf(error)).catch(() => undefined); // the cause is reported, not this
    throw error;
  }
  const findings = [...report.findings()].map(([code, { total, repaired }]) => ({ code, total, repaired }));
  await auditRuns.finish(id, { looked: report.looked, findings, notLooked: report.notLooked() });
}

function findingOf(
  code: DiscrepancyCode,
  { total, shown }: { readonly total: number; readonly shown: readonly Discrepancy[] },
  known: Trouble | undefined,
): FoundTrouble {
  const objects = shown.map(({ object }) => object);
  const before = known?.detail as Kept | undefined;
  const grown =
    before !== undefined &&
    (total > before.total ||
      (before.objects.length === before.total && objects.some((object) => !before.objects.includes(object))));
  const detail: Kept & Readonly<Record<string, unknown>> = {
    total,
    objects,
    title: discrepancyTitles[code],
    examples: shown.slice(0, examples).map(({ object, path, found, remedy }) => ({ object, path, found, remedy })),
  };
  return { name: nameOf(code), code, detail, grown };
}

function nameOf(code: DiscrepancyCode): string {
  return `${kind}:${code}`;
}
