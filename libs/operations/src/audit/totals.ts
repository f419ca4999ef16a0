import type { Scope } from './scope';

/** Compares the totals that the register keeps with a count of all files and images. Replaces wrong ones on request. */
export async function auditTotals({ register, report, options }: Scope): Promise<void> {
  for (const { requestId, expected, found } of await register.audit.wrongTotals()) {
    const remedy = 'coldroom audit --fix counts again; no file is affected';
    report.add({ code: 'TOTALS_DIFFER', object: `Request:${requestId}`, expected, found, remedy });
    if (!options.fix) continue;
    await register.audit.recount(requestId);
    report.repaired('TOTALS_DIFFER', 1);
  }
}
