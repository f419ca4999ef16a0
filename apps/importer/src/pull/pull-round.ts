import { Injectable } from '@nestjs/common';
import { Imports, type BufferSettings, type Instrument } from '@coldroom/buffers';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { displayPath, Files } from '@coldroom/files';
import { Register, type SetOfInstrument } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { listSets, type ListedSet } from './listing';
import { pullSet } from './pull-set';
import { isUnreachable } from './run-rsync';

const by = 'importer';
/** Pauses after attempts that failed, in milliseconds; the last one is kept. */
const pauses = [60_000, 600_000, 3_600_000] as const;

/** Pulls what is complete at the instruments into their buffers. Nothing at an instrument is ever changed. */
@Injectable()
export class PullRound {
  constructor(
    private readonly imports: Imports,
    private readonly register: Register,
    private readonly files: Files,
    private readonly log: Log,
  ) {}

  /** One round of an instrument, if it is due. One importer at a time does it. */
  async run(instrument: Instrument, stop: AbortSignal): Promise<void> {
    const { name, every } = instrument;
    await this.register.alone(`pull ${name}`, async (lost) => {
      if (!(await this.register.imports.pulls.begin(name, every))) return;
      const failure = await this.round(instrument, AbortSignal.any([stop, lost]));
      if (failure !== null)
        this.log.warn('instrument not pulled', { instrument: name, reason: failure, next: 'it will be retried' });
      await this.register.imports.pulls.end(name, failure);
    });
  }

  /** Why not all sets were looked at, or null. */
  private async round(instrument: Instrument, signal: AbortSignal): Promise<string | null> {
    try {
      const buffer = this.imports.buffers.find(({ name }) => name === instrument.into.buffer) as BufferSettings;
      await this.imports.root(buffer);
      const { sets, unread } = await listSets(instrument, signal);
      for (const set of sets) {
        if (signal.aborted) return null;
        await this.one(instrument, buffer, set, signal);
      }
      return unread;
    } catch (error) {
      return `${codeOf(error)}: ${messageOf(error)}`;
    }
  }

  private async one(
    instrument: Instrument,
    buffer: BufferSettings,
    set: ListedSet,
    signal: AbortSignal,
  ): Promise<void> {
    const { pulls } = this.register.imports;
    const { path, look, files, bytes } = set;
    const source = { instrument: instrument.name, path, display: displayPath(path), look, files, bytes };
    const known = await pulls.seen(source);
    if (known.arrivedLook === look || !isComplete(instrument, set, known.sameForMs) || known.mustWait) return;
    try {
      refuseUnfit(set, known.arrivedLook);
      const moves = (inode: string): Promise<void> => pulls.moving(source, inode);
      const work = { files: this.files, signal, moved: known.moving, moves };
      const destination = displayPath(await pullSet(instrument, buffer, set, work));
      await pulls.arrived(source, destination, by);
      this.log.info('set pulled', { instrument: instrument.name, set: source.display, destination, files });
    } catch (error) {
      if (isUnreachable(error)) throw error;
      await this.note(source, set, error, known.attempts);
    }
  }

  private async note(source: SetOfInstrument, set: ListedSet, error: unknown, attempts: number): Promise<void> {
    const [code, reason] = [codeOf(error), messageOf(error)];
    const line = { instrument: source.instrument, set: source.display, code, reason };
    if (error instanceof Refused) {
      const login = set.words.get('login')?.toString() ?? null;
      if (await this.register.imports.pulls.refused(source, { code, reason, login }, by))
        this.log.warn('set not pulled', line);
      return;
    }
    const pause = pauses[Math.min(attempts, pauses.length - 1)] as number;
    await this.register.imports.pulls.failed(source, `${code}: ${reason}`, pause);
    this.log.warn('set not pulled', { ...line, next: 'it will be retried' });
  }
}

function isComplete({ ready }: Instrument, { files, marked, temporary }: ListedSet, sameForMs: number): boolean {
  const isQuiet = sameForMs > 0 && sameForMs >= ready.stable;
  return isQuiet && files > 0 && temporary === null && (ready.marker === undefined || marked);
}

function refuseUnfit({ odd }: ListedSet, arrivedLook: string | null): void {
  if (odd !== null)
    throw new Refused(
      'PULL_ENTRY_KIND',
      `${displayPath(odd)} is neither a file nor a directory. Replace it with what it leads to, or remove it at the instrument.`,
    );
  if (arrivedLook !== null)
    throw new Refused(
      'PULL_SET_CHANGED',
      'This set was pulled and has changed since at the instrument. Put new files into a directory of their own there.',
    );
}
