export interface IgnoredMark {
  readonly code: string;
  readonly reason?: string;
  readonly imageId: string;
}

/** What the scanner writes into the register; parts may be missing in a report from another version. */
export interface ScanReport {
  readonly marks?: number;
  readonly requests?: readonly {
    readonly id: string;
    readonly requester?: string;
    readonly group?: string;
    readonly markedImages?: number;
  }[];
  readonly known?: number;
  readonly ignoredCount?: number;
  readonly ignored?: readonly IgnoredMark[];
  readonly leftOut?: readonly { readonly component: string; readonly code: string; readonly reason?: string }[];
  readonly retrievalMarks?: {
    readonly files?: number;
    readonly ignoredCount?: number;
    readonly ignored?: readonly IgnoredMark[];
  };
  /** Images that people keep out of archiving, and images whose requests were to be withdrawn. */
  readonly kept?: MarksReport & { readonly marks?: number };
  readonly withdrawn?: MarksReport & { readonly images?: number };
}

interface MarksReport {
  readonly ignoredCount?: number;
  readonly ignored?: readonly IgnoredMark[];
}
