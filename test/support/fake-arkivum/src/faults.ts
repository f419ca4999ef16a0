import { readFileSync } from 'node:fs';

/** The faults of the appliance. Times are in seconds. */
export type Fault =
  /** Does not know a file (404) until this long after it was copied: the real one needs about ten minutes. */
  | { readonly kind: 'late'; readonly seconds: number }
  /** Accepts the connection and never answers. */
  | { readonly kind: 'silent' }
  /** Ends the connection in the middle of its answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'status'; readonly status: number }
  /** An HTML page with status 200: what a proxy or a login page in between answers. */
  | { readonly kind: 'html' }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'null-md5' }
  /** `md5` is called `MD5`. */
  | { readonly kind: 'capital-md5' }
  /** The MD5 lacks its leading zeros, as those of chunks do in recorded answers of the real one. */
  | { readonly kind: 'short-md5' }
  /** The size as text: its digits, or the given one (`10 bytes` in recorded listings). */
  | { readonly kind: 'size-as-text'; readonly text?: string }
  | { readonly kind: 'ingest-state'; readonly ingestState: string }
  /** Permanently this replication state: red, or an unknown one. */
  | { readonly kind: 'stays'; readonly replicationState: string }
  /** Green for this many answers about each file, amber from then on. */
  | { readonly kind: 'sinks'; readonly answers: number }
  | { readonly kind: 'lies'; readonly md5?: string; readonly size?: number }
  | { readonly kind: 'extra-fields' }
  /** Finds a bag invalid. */
  | { readonly kind: 'manifest-fails'; readonly filepath: string; readonly reason: string };

export interface FaultRule {
  /** A regular expression on the requested path, as the appliance names it; default: every path. */
  readonly path?: string;
  /** One part of the API; default: every part. */
  readonly api?: Api;
  /** Only this many times. */
  readonly times?: number;
  readonly fault: Fault;
}

export type Api = 'fileInfo' | 'release' | 'ingest-manifest' | 'restore-request';

const kinds: readonly Fault['kind'][] = [
  'late',
  'silent',
  'cut',
  'status',
  'html',
  'redirect',
  'null-md5',
  'capital-md5',
  'short-md5',
  'size-as-text',
  'ingest-state',
  'stays',
  'sinks',
  'lies',
  'extra-fields',
  'manifest-fails',
];

/**
 * The fault script in a JSON file: a list of rules. Throws if a rule is of an unknown kind: a script that does nothing
 * would make every test pass.
 */
export function readFaults(path: string): readonly FaultRule[] {
  const rules = JSON.parse(readFileSync(path, 'utf8')) as readonly FaultRule[];
  checkFaults(rules);
  return rules;
}

function checkFaults(rules: readonly FaultRule[]): void {
  for (const rule of rules) {
    if (!kinds.includes(rule.fault?.kind))
      throw new TypeError(`there is no fault "${String(rule.fault?.kind)}"; there are ${kinds.join(', ')}`);
    if (rule.path !== undefined) new RegExp(rule.path);
  }
}

/** The active faults, and how often each was used. */
export class FaultScript {
  private readonly used = new Map<FaultRule, number>();
  private rules: readonly FaultRule[] = [];

  constructor(rules: readonly FaultRule[]) {
    this.set(rules);
  }

  set(rules: readonly FaultRule[]): void {
    checkFaults(rules);
    this.rules = rules;
    this.used.clear();
  }

  /** All faults of this request. Counts them as used. */
  of(api: Api, path: string): readonly Fault[] {
    const due = this.rules.filter(
      (rule) =>
        (rule.api ?? api) === api &&
        (rule.path === undefined || new RegExp(rule.path).test(path)) &&
        (this.used.get(rule) ?? 0) < (rule.times ?? Infinity),
    );
    for (const rule of due) this.used.set(rule, (this.used.get(rule) ?? 0) + 1);
    return due.map(({ fault }) => fault);
  }

  /** Rules that were never used: a test with one of these tested nothing. */
  unused(): readonly FaultRule[] {
    return this.rules.filter((rule) => !this.used.has(rule));
  }
}
