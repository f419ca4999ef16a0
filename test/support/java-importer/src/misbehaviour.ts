import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `started`: the session is joined. `registered`: the fileset's rows are committed, without bytes. `uploading`: the first
 * file is in its place. `uploaded`: all are, with their checksums. `imported`: the images are committed, and nothing is
 * printed. `printed`: the fileset's lines are printed.
 */
export type Moment = 'started' | 'registered' | 'uploading' | 'uploaded' | 'imported' | 'printed';

/** One fault. It happens at each fileset whose main file's path ends in `file`, or at all; `times` is its limit. */
export type Misbehaviour = { readonly file?: string; readonly times?: number } & (
  | { readonly do: 'crash' | 'hang' | 'fail' | 'end-session'; readonly at: Moment }
  | { readonly do: 'wait'; readonly at: Moment; readonly ms: number }
  /** Killed when all is uploaded; the server makes the images later. */
  | { readonly do: 'crash-and-finish-later'; readonly ms: number }
  /** While files are looked at: a reader knows the format and cannot read the file, or no reader knows it. */
  | { readonly do: 'broken-file' | 'unknown-format' }
  /** What the server has of a file differs from what the client read. `file` is any of the fileset here. */
  | { readonly do: 'corrupt-upload' }
  /** The server commits the fileset, and makes no images, one image less, or all of it twice. */
  | { readonly do: 'no-images' | 'image-missing' | 'import-twice' }
  /** Sources that are to be removed stay. */
  | { readonly do: 'sources-stay' }
  /** All rows get into this group. */
  | { readonly do: 'other-group'; readonly groupId: number }
  /** Of all that goes to stdout only these bytes arrive; the end is as without it. */
  | { readonly do: 'cut-output'; readonly bytes: number }
  /** Whatever happened, this is the exit code. */
  | { readonly do: 'exit'; readonly code: number }
);

/** A fault that the script asks for, as an exception of the server. */
export class ScriptedFailure extends Error {}

export class Script {
  private readonly list: readonly Misbehaviour[];

  constructor(
    private readonly controlFile: string,
    private readonly endSession: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.list = existsSync(controlFile) ? (JSON.parse(readFileSync(controlFile, 'utf8')) as Misbehaviour[]) : [];
  }

  /** The first fault of this kind that applies to the file; it counts as done. */
  take<K extends Misbehaviour['do']>(kind: K, file = ''): Extract<Misbehaviour, { do: K }> | undefined {
    return this.first((each) => each.do === kind, file) as Extract<Misbehaviour, { do: K }> | undefined;
  }

  /** Does what the script says for this moment. */
  async reach(moment: Moment, file: string): Promise<void> {
    const fault = this.first((each) => 'at' in each && each.at === moment, file);
    switch (fault?.do) {
      case 'crash':
        process.kill(process.pid, 'SIGKILL');
        return;
      case 'hang':
        return new Promise(() => setInterval(() => undefined, 60_000));
      case 'wait':
        return sleep(fault.ms);
      case 'end-session':
        return this.endSession();
      case 'fail':
        throw new ScriptedFailure(`the server fails when ${file} is ${moment}`);
    }
  }

  private first(applies: (each: Misbehaviour) => boolean, file: string): Misbehaviour | undefined {
    const index = this.list.findIndex(
      (each, at) => applies(each) && file.endsWith(each.file ?? '') && this.done(at) < (each.times ?? Infinity),
    );
    if (index < 0) return undefined;
    appendFileSync(`${this.controlFile}.done`, `${index} ${this.list[index]!.do} ${file}\n`);
    return this.list[index];
  }

  private done(index: number): number {
    const log = `${this.controlFile}.done`;
    if (!existsSync(log)) return 0;
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${index} `)).length;
  }
}
