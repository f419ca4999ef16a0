import type { FileState } from '@coldroom/domain';
import type { FileListing, Register, StuckFile } from '@coldroom/register';
import { nextStep } from './next-steps';
import { amount } from './selected-files';

const retryable = (file: StuckFile): boolean => file.bag !== null;
const untouched: readonly (FileState | null)[] = ['approved', 'hashed', 'copied', 'verified', 'sealed'];
const held: readonly (FileState | null)[] = [
  'linked',
  'undoing',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
];
const wordsPerCommand = 100;

/** The words that advice may use, each with the files it helps and its commands. */
const remedies: readonly {
  readonly word: RegExp;
  readonly helps: (file: StuckFile) => boolean;
  readonly commands: (files: readonly StuckFile[]) => readonly string[];
}[] = [
  { word: /\bretry\b/i, helps: retryable, commands: (files) => withIds('files retry', files) },
  {
    word: /\bundo\b/i,
    helps: (file) => retryable(file) && !file.released && held.includes(file.stuckFrom),
    commands: (files) =>
      inParts([...new Set(files.map(({ fileset }) => fileset))]).map((part) => `coldroom undo ${part.join(' ')}`),
  },
  {
    word: /\babandon\b/i,
    helps: (file) => retryable(file) && !file.released && untouched.includes(file.stuckFrom),
    commands: (files) => withIds('files abandon', files),
  },
];

/**
 * The commands that the advice on this code names, each for the files it can help. If none can help, the command that
 * shows one file.
 */
export function commandsFor(code: string, files: readonly StuckFile[]): readonly string[] {
  const advice = nextStep(code);
  const commands = remedies
    .map((remedy) => ({ ...remedy, at: advice.search(remedy.word) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
    .flatMap(({ helps, commands: of }) => of(files.filter(helps)));
  return commands.length > 0 || files.length === 0 ? commands : [`coldroom files show ${files[0]!.id}`];
}

/** Stuck files of one code, and the commands that help them. */
export interface Stuck {
  readonly code: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly next: string;
  /** Ready to paste, with the numbers of the first files. */
  readonly commands: readonly string[];
}

/** The stuck files of one request or of all. */
export async function stuckIn({ reports }: Register, requestId?: bigint): Promise<readonly Stuck[]> {
  const listed = Map.groupBy(await reports.stuckFiles(requestId), ({ code }) => code);
  return (await reports.stuck(requestId)).map((row) => {
    const first = listed.get(row.code) ?? [];
    const others = row.files - first.length;
    const more = `${listCommand(row.code, requestId)} --after ${first.at(-1)?.id}  # the other ${others}`;
    return {
      ...row,
      next: nextStep(row.code),
      commands: [...commandsFor(row.code, first), ...(others > 0 && first.length > 0 ? [more] : [])],
    };
  });
}

/** The next steps for listed files, by code; files that the list leaves out have commands of their own. */
export function stuckAmong(files: readonly FileListing[]): readonly Stuck[] {
  const stuck = files.flatMap(({ code, ...file }) =>
    file.state === 'stuck' && code !== null ? [{ ...file, code, files: 1, bytes: file.size }] : [],
  );
  return [...Map.groupBy(stuck, ({ code }) => code)].map(([code, group]) => ({
    code,
    ...amount(group),
    next: nextStep(code),
    commands: commandsFor(code, group),
  }));
}

/** Lists the stuck files of one code. */
export function listCommand(code: string, requestId?: bigint): string {
  return `coldroom files list --state stuck --code ${code}${requestId === undefined ? '' : ` --request ${requestId}`}`;
}

function withIds(command: string, files: readonly StuckFile[]): readonly string[] {
  return inParts(ranges(files.map(({ id }) => id))).map((part) => `coldroom ${command} File:${part.join(',')}`);
}

/** `1,2,5-9`; the ids must be in order. */
function ranges(ids: readonly bigint[]): readonly string[] {
  const found: bigint[][] = [];
  for (const id of ids) {
    const last = found.at(-1);
    if (last?.at(-1) === id - 1n) last.push(id);
    else found.push([id]);
  }
  return found.flatMap((run) => (run.length > 2 ? [`${run[0]}-${run.at(-1)}`] : run.map(String)));
}

function inParts<T>(words: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(words.length / wordsPerCommand) }, (_, at) =>
    words.slice(at * wordsPerCommand, (at + 1) * wordsPerCommand),
  );
}
