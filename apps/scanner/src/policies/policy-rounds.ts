import { Inject, Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { PolicyDatabase } from '@coldroom/omero';
import { STORES } from '@coldroom/pipeline';
import { policyNamed, readPolicies, type Policy } from '@coldroom/policies';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import type { Stores } from '@coldroom/stores';
import { Closures } from '../closures';
import { Objections } from './objections';
import { Proposer, type ProposalReport } from './proposer';
import { Tiers, type MoveReport } from './tiers';

/** The path of the policies file; null where there are no policies. */
export const POLICIES_FILE = Symbol('policies file');

interface FailedRule {
  readonly policy: string;
  readonly failed: string;
}
export type RuleReport = ProposalReport | MoveReport | FailedRule;

/** Evaluates rules when it is time or someone requests it. The file is read afresh each time. */
@Injectable()
export class PolicyRounds {
  private readonly objections: Objections | undefined;
  private readonly proposer: Proposer | undefined;
  private readonly tiers: Tiers;

  constructor(
    private readonly register: Register,
    closures: Closures,
    @Inject(STORES) stores: Stores,
    private readonly log: Log,
    @Inject(POLICIES_FILE) private readonly file: string | null,
    @Inject(PolicyDatabase) omero: PolicyDatabase | null,
  ) {
    this.tiers = new Tiers(register, stores);
    if (!omero) return;
    this.objections = new Objections(omero, register, log);
    this.proposer = new Proposer(omero, register, closures);
  }

  async run(by: string, stop: AbortSignal): Promise<void> {
    await this.objections?.run(by);
    if (this.file === null) return;
    const { policyRuns } = this.register;
    const policies = await readPolicies(this.file);
    await policyRuns.askIfDue(policies.everyDays, by);
    for (let run = await policyRuns.begin(); run && !stop.aborted; run = await policyRuns.begin()) {
      try {
        const rules = run.policy === null ? policies.policies : [policyNamed(policies, run.policy)];
        await policyRuns.finish(run.id, { rules: await this.evaluate(rules, by, stop) }, null);
      } catch (error) {
        await policyRuns.finish(run.id, null, `${codeOf(error)}: ${messageOf(error)}`);
      }
    }
  }

  /** A rule that fails does not stop the others. */
  private async evaluate(rules: readonly Policy[], by: string, stop: AbortSignal): Promise<readonly RuleReport[]> {
    const reports: RuleReport[] = [];
    for (const rule of rules.filter(({ active }) => active)) {
      if (stop.aborted) break;
      try {
        const report = await this.one(rule, by);
        reports.push(report);
        this.log.info('policy evaluated', { policy: rule.name, ...shownOf(report) });
      } catch (error) {
        const failed = `${codeOf(error)}: ${messageOf(error)}`;
        reports.push({ policy: rule.name, failed });
        this.log.warn('policy failed', { policy: rule.name, code: codeOf(error), reason: messageOf(error) });
      }
    }
    return reports;
  }

  private async one(rule: Policy, by: string): Promise<ProposalReport | MoveReport> {
    if (rule.move) return this.tiers.run(rule, rule.move);
    if (rule.propose && this.proposer) return this.proposer.run(rule, rule.propose, by);
    throw new Error('POLICIES_OMERO_DATABASE_URL is not set');
  }
}

function shownOf(report: ProposalReport | MoveReport): Readonly<Record<string, unknown>> {
  return 'requests' in report ? { requests: report.requests.length } : { bags: report.bags, bytes: report.bytes };
}
