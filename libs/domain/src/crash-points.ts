/**
 * The numbered crash points of each service: the points where a power cut leaves a different situation on disk.
 * libs/domain/README.md describes what each one leaves; test/faults kills a real process at every one.
 */
export const crashPoints = [
  'decide:1-written',
  'decide:2-committed',
  'retrieve:1-written',
  'retrieve:2-committed',
  'order:1-key-recorded',
  'order:2-carried-out',
  'order:3-answer-recorded',
  'scan:1-requests-written',
  'scan:2-marks-written',
  'scan:3-marks-recorded',
  'scan:4-bags-packed',
  'import-answer:1-written',
  'import-annotate:1-written',
  'pull:1-directory-made',
  'pull:2-copied',
  'pull:3-proven',
  'pull:4-moved',
  'upload:1-file-moved',
  'upload:2-set-moved',
  'upload:3-ordered',
  'hash:1-hashed',
  'copy:1-directory-made',
  'copy:2-partly-written',
  'copy:3-written',
  'copy:4-synced',
  'verify:1-read',
  'seal:1-extras-dropped',
  'seal:2-tags-written',
  'seal:3-protected',
  'seal:4-renamed',
  'seal:5-durable',
  'link:1-held',
  'link:2-hold-synced',
  'link:3-link-made',
  'link:4-swapped',
  'link:5-synced',
  'release:1-removed',
  'release:2-synced',
  'undo:1-swapped',
  'undo:2-synced',
  'bring-online:1-requested',
  'fetch:1-fetched',
  'fetch:2-attributes-set',
  'verify-fetched:1-read',
  'place:1-swapped',
  'place:2-tidied',
  'place:3-synced',
  'expire:1-removed',
  'expire:2-synced',
  'move-copy:1-fetched',
  'move-copy:2-put',
  'move-copy:3-staging-cleared',
  'move-verify:1-read',
  'move-seal:1-sealed',
  'move-link:1-link-made',
  'move-link:2-swapped',
  'move-link:3-tidied',
  'move-link:4-synced',
  'mail:1-queued',
  'mail:2-claimed',
  'mail:3-all-but-the-end',
  'mail:4-accepted',
  'mail:5-recorded',
  'mail:6-digested',
  'backup:1-partly-written',
  'backup:2-written',
  'backup:3-checksum-written',
  'backup:4-renamed',
  'backup:5-synced',
  'backup:6-recorded',
  'backup:7-old-removed',
  'import:1-session-opened',
  'import:2-attempt-recorded',
  'import:3-importer-ended',
  'import:4-session-closed',
  'import:5-judged',
  'import-lock:1-linked',
  'import-lock:2-synced',
  'import-move:1-moved',
  'import-move:2-synced',
  'import-unlock:1-released',
  'import-unlock:2-synced',
  'import-empty:1-recorded',
  'import-remove:1-removed',
  'import-remove:2-synced',
  'adopt:1-read',
  'adopt:2-written',
  'adopt:3-committed',
  'adopt:4-settled',
  'transition:1-before-commit',
  'transition:2-after-commit',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

type Listener = (crashPoint: CrashPoint) => void;
let listener: Listener | undefined;

/** Reports that a step is done. Costs nothing without a listener. */
export function crashPoint(name: CrashPoint): void {
  listener?.(name);
}

/** Sets the listener of this thread; undefined removes it. */
export function onCrashPoint(heard: Listener | undefined): void {
  listener = heard;
}

type CrashSignal = 'SIGKILL' | 'SIGSTOP';

interface Crash {
  readonly signal: CrashSignal;
  readonly name: string;
  left: number;
}

export interface CrashSettings {
  readonly crashAt?: string | undefined;
  readonly freezeAt?: string | undefined;
}

/**
 * For tests and drills: `kill` is called at the crash points that the settings name, `link:4-swapped` or, for its third
 * time in this thread, `link:4-swapped:3`. SIGCONT resumes a frozen process. Without settings, nothing listens.
 */
export function killAtCrashPoints({ crashAt, freezeAt }: CrashSettings, kill: (signal: CrashSignal) => void): void {
  const crashes = [crashOf('SIGKILL', crashAt), crashOf('SIGSTOP', freezeAt)].filter((crash) => crash !== undefined);
  if (crashes.length === 0) return;
  onCrashPoint((done) => {
    for (const crash of crashes) if (done === crash.name && --crash.left === 0) kill(crash.signal);
  });
}

function crashOf(signal: CrashSignal, setting = ''): Crash | undefined {
  const [, name, times = '1'] = /^([^:]+:[^:]+)(?::(\d+))?$/.exec(setting) ?? [];
  return name === undefined ? undefined : { signal, name, left: Number(times) };
}
