import type pg from 'pg';
import type { WorkState } from '@coldroom/domain';
import { Audit } from './queries/audit';
import { AuditRuns } from './queries/audit-runs';
import { BackupRuns } from './backups/backup-runs';
import { readStanding, type Standing } from './backups/standing';
import { connect, releaseIdle, openPool } from './db/connection';
import { asRegisterError } from './db/failures';
import { Containers } from './containers/containers';
import { ImageQuestions } from './containers/image-questions';
import { Meaning } from './queries/meaning';
import { readFigures, type Figures } from './queries/figures';
import { Fixity } from './queries/fixity';
import { FixityCoverage } from './queries/fixity-coverage';
import { EventCursor } from './mail/event-cursor';
import { MailChoices } from './mail/choices';
import { MailDigests } from './mail/digests';
import { MailFacts } from './mail/for-mail';
import { Outbox } from './mail/outbox';
import { Imports } from './imports/imports';
import { Kept } from './requests/kept';
import { Idempotency } from './requests/idempotency';
import { Marks } from './requests/marks';
import { applyTransitions } from './transitions/apply-transitions';
import type { Transition, TransitionOptions } from './transitions/transition';
import { Moves } from './operator/moves';
import { PolicyRuns } from './policies/policy-runs';
import { Proposals } from './policies/proposals';
import { TierMoves } from './policies/tier-moves';
import { Reports } from './queries/reports';
import { Sessions } from './people/sessions';
import { Tokens } from './people/tokens';
import { People } from './people/people';
import { OperatorActions } from './operator/operator-actions';
import { Adoptions } from './operator/adoptions';
import { Rebuild } from './operator/rebuild';
import { Relinks } from './operator/relinks';
import { renameStore } from './operator/rename-store';
import { Requests } from './requests/requests';
import { RetrievalReports } from './queries/retrieval-reports';
import { Retrievals } from './operator/retrievals';
import { Scans } from './requests/scans';
import { ServiceReports } from './troubles/service-reports';
import { FileSystemLooks } from './stores/file-system-looks';
import { StoresHealth } from './stores/store-health';
import { StoreMarkers } from './stores/store-markers';
import { Troubles } from './troubles/troubles';
import { Switches } from './transitions/switches';
import { Usage } from './usage/usage';
import { Claims, type Claim, type DueBag } from './transitions/claims';

/** The authoritative record of every request, bag, file and event. */
export class Register {
  readonly requests: Requests;
  readonly claims: Claims;
  readonly operator: OperatorActions;
  readonly retrievals: Retrievals;
  readonly retrievalReports: RetrievalReports;
  readonly moves: Moves;
  readonly policyRuns: PolicyRuns;
  readonly proposals: Proposals;
  readonly tierMoves: TierMoves;
  readonly relinks: Relinks;
  readonly switches: Switches;
  readonly marks: Marks;
  readonly kept: Kept;
  readonly people: People;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly idempotency: Idempotency;
  readonly imports: Imports;
  readonly mailEvents: EventCursor;
  readonly outbox: Outbox;
  readonly mailChoices: MailChoices;
  readonly mailDigests: MailDigests;
  readonly mailFacts: MailFacts;
  readonly troubles: Troubles;
  readonly services: ServiceReports;
  readonly storeHealth: StoresHealth;
  readonly fileSystemLooks: FileSystemLooks;
  readonly storeMarkers: StoreMarkers;
  readonly usage: Usage;
  readonly scans: Scans;
  readonly containers: Containers;
  readonly imageQuestions: ImageQuestions;
  readonly reports: Reports;
  readonly meaning: Meaning;
  readonly fixity: Fixity;
  readonly fixityCoverage: FixityCoverage;
  readonly adoptions: Adoptions;
  readonly rebuild: Rebuild;
  readonly audit: Audit;
  readonly auditRuns: AuditRuns;
  readonly backupRuns: BackupRuns;
  private readonly pool: pg.Pool;

  constructor(url: string, options: { max?: number; applicationName?: string } = {}) {
    this.pool = openPool(url, options);
    this.requests = new Requests(this.pool);
    this.claims = new Claims(this.pool);
    this.operator = new OperatorActions(this.pool);
    this.retrievals = new Retrievals(this.pool);
    this.retrievalReports = new RetrievalReports(this.pool);
    this.moves = new Moves(this.pool);
    this.policyRuns = new PolicyRuns(this.pool);
    this.proposals = new Proposals(this.pool);
    this.tierMoves = new TierMoves(this.pool);
    this.relinks = new Relinks(this.pool);
    this.switches = new Switches(this.pool);
    this.marks = new Marks(this.pool);
    this.kept = new Kept(this.pool);
    this.people = new People(this.pool);
    this.tokens = new Tokens(this.pool);
    this.sessions = new Sessions(this.pool);
    this.idempotency = new Idempotency(this.pool);
    this.imports = new Imports(this.pool);
    this.mailEvents = new EventCursor(this.pool);
    this.outbox = new Outbox(this.pool);
    this.mailChoices = new MailChoices(this.pool);
    this.mailDigests = new MailDigests(this.pool);
    this.mailFacts = new MailFacts(this.pool);
    this.troubles = new Troubles(this.pool);
    this.services = new ServiceReports(this.pool);
    this.storeHealth = new StoresHealth(this.pool);
    this.fileSystemLooks = new FileSystemLooks(this.pool);
    this.storeMarkers = new StoreMarkers(this.pool);
    this.usage = new Usage(this.pool);
    this.scans = new Scans(this.pool);
    this.containers = new Containers(this.pool);
    this.imageQuestions = new ImageQuestions(this.pool);
    this.reports = new Reports(this.pool);
    this.meaning = new Meaning(this.pool);
    this.fixity = new Fixity(this.pool);
    this.fixityCoverage = new FixityCoverage(this.pool);
    this.adoptions = new Adoptions(this.pool);
    this.rebuild = new Rebuild(this.pool);
    this.audit = new Audit(this.pool);
    this.auditRuns = new AuditRuns(this.pool);
    this.backupRuns = new BackupRuns(this.pool);
  }

  /** Applies transitions to files of a claimed bag; see `applyTransitions`. */
  async applyTransitions(
    claim: Claim,
    moves: readonly Transition[],
    options: TransitionOptions,
  ): Promise<readonly DueBag[]> {
    return applyTransitions(this.pool, claim, moves, options);
  }

  /**
   * Runs `work` while no other process does the same `task`; undefined if another one holds it. The lock ends with the
   * connection, so killing the process releases it; `Transient` `REGISTER_UNAVAILABLE` if it was lost during the work.
   * The connection is used from time to time, so that no firewall drops it; `lost` is aborted once it fails.
   */
  async alone<T>(task: string, claims: (lost: AbortSignal) => Promise<T>, beatMs = 60_000): Promise<T | undefined> {
    const client = await connect(this.pool);
    const lost = new AbortController();
    const beat = setInterval(() => {
      client.query('SELECT 1').catch((error: unknown) => lost.abort(asRegisterError(error)));
    }, beatMs).unref();
    let broken: Error | undefined;
    try {
      const { rows } = await client.query<{ got: boolean }>(
        `SELECT pg_try_advisory_lock(hashtext('coldroom ' || $1)) AS got`,
        [task],
      );
      if (!rows[0]?.got) return undefined;
      const result = await claims(lost.signal);
      await client.query(`SELECT pg_advisory_unlock(hashtext('coldroom ' || $1))`, [task]);
      return result;
    } catch (error) {
      broken = error as Error;
      throw asRegisterError(error);
    } finally {
      clearInterval(beat);
      releaseIdle(client, broken);
    }
  }

  /** Whether a process is doing this `task` now; see `alone`. */
  async isRunning(task: string): Promise<boolean> {
    const { rows } = await this.pool.query<{ running: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
         WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
           AND (l.classid::bigint << 32) | l.objid::bigint = hashtext('coldroom ' || $1)) AS running`,
      [task],
    );
    return (rows[0] as { running: boolean }).running;
  }

  /** Distinguishes this register from all others; a restored one keeps it. */
  async id(): Promise<string> {
    const { rows } = await this.pool.query<{ id: string }>('SELECT id FROM register_id');
    return (rows[0] as { id: string }).id;
  }

  /** See `readFigures`. */
  figures(states: readonly WorkState[]): Promise<Figures> {
    return readFigures(this.pool, states);
  }

  /** See `readStanding`. */
  standing(): Promise<Standing> {
    return readStanding(this.pool);
  }

  /** Connections of this process: all, those not in use, and calls that wait for one. */
  get connections(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    const { totalCount: open, idleCount: idle, waitingCount: waiting } = this.pool;
    return { open, idle, waiting };
  }

  /** See `renameStore` of operator/rename-store. */
  async renameStore(from: string, to: string, by: string): Promise<number> {
    return renameStore(this.pool, from, to, by);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
