import { displayPath } from '@coldroom/files';
import { Listing } from '../listing';
import { adoptionFindings, type AdoptionCode, type AdoptionFinding } from './findings';
import type { Proof } from './judge-copy';
import type { Duty, LookedFile, LookedJob } from './looked';
import type { TakenOver } from './take-over';

/** What happened to one job. */
export interface AdoptedJobLine {
  readonly job: string;
  readonly folders: readonly string[];
  readonly request: bigint | null;
  readonly files: Readonly<Record<Duty, number>>;
  /** Undefined in a plan. */
  readonly taken: Omit<TakenOver, 'requestId'> | undefined;
}

/** One file, as it is written to the report file. */
export interface AdoptedFileLine {
  readonly job: string;
  readonly folder: string;
  readonly path: string;
  readonly status: string;
  readonly disk: string;
  readonly copy: string;
  readonly record: string;
  readonly toArchiveRegister: boolean;
  readonly archivedRegister: boolean;
  readonly omero: string | null;
  readonly duty: Duty;
  readonly codes: readonly string[];
}

/** All that a take-over found and did. Lists are as long as a person reads; all is counted. */
export class AdoptionReport {
  readonly jobs = new Listing<AdoptedJobLine>();
  readonly findings = new Map<AdoptionCode, Listing<AdoptionFinding>>();
  readonly duties: Record<Duty, number> = { adopt: 0, archive: 0, known: 0, decide: 0, nothing: 0 };
  readonly proofs: Record<Proof, number> = { PROVEN: 0, PROVEN_BY_ONE: 0, UNPROVEN: 0, DIFFERS: 0 };
  readonly taken = { files: 0, bytes: 0n };
  /** Bags that were asked to move on. */
  moving = 0;

  constructor(private readonly limit: number) {}

  add(finding: AdoptionFinding): void {
    const listing = this.findings.get(finding.code) ?? new Listing<AdoptionFinding>(this.limit);
    listing.add(finding);
    this.findings.set(finding.code, listing);
  }

  /** Nothing is left for a person to decide. */
  get isClear(): boolean {
    return [...this.findings.keys()].every((code) => !adoptionFindings[code].decide);
  }

  job({ job, files, requestId }: LookedJob, taken: TakenOver | undefined): void {
    const counts: Record<Duty, number> = { adopt: 0, archive: 0, known: 0, decide: 0, nothing: 0 };
    for (const { duty } of files) {
      counts[duty] += 1;
      this.duties[duty] += 1;
    }
    this.taken.files += taken?.files ?? 0;
    this.taken.bytes += taken?.bytes ?? 0n;
    const request = taken?.requestId ?? requestId ?? null;
    this.jobs.add({ job: job.name, folders: job.folders, request, files: counts, taken });
  }

  document(): Readonly<Record<string, unknown>> {
    return {
      jobs: this.jobs.document(),
      duties: this.duties,
      proofs: this.proofs,
      taken: this.taken,
      moving: this.moving,
      findings: Object.fromEntries(
        [...this.findings].map(([code, listing]) => [code, { ...adoptionFindings[code], ...listing.document() }]),
      ),
    };
  }
}

/** What is true of a file, in words for the report file. */
export function fileLine({ job }: Pick<LookedJob, 'job'>, file: LookedFile): AdoptedFileLine {
  const { disk, copy, record, omero } = file;
  return {
    job: job.name,
    folder: job.folder,
    path: displayPath(file.absolute),
    status: file.status,
    disk:
      disk === undefined ? 'outside OMERO' : disk.kind === 'link' ? `link to ${displayPath(disk.target)}` : disk.kind,
    copy: copy === undefined ? 'missing' : copy === 'other' ? 'not a file' : `${copy.size} bytes`,
    record:
      record === undefined
        ? 'missing'
        : record === 'broken'
          ? 'broken'
          : Object.keys(record.digests).join(' ') || 'no digests',
    toArchiveRegister: file.inRegisters.toArchive,
    archivedRegister: file.inRegisters.archived,
    omero: omero ? omero.component : null,
    duty: file.duty,
    codes: file.codes,
  };
}
