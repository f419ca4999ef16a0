import { messageOf, NotYet, Refused, type ArchiveFile, type Reason } from '@coldroom/domain';
import { stuck, type StageResult } from '@coldroom/pipeline';
import type { Transition } from '@coldroom/register';

const atOnce = 8;

interface Item {
  readonly file: ArchiveFile;
}

/** Which files of a bag failed, and why; the others continue. */
export class Failures {
  private readonly byFile = new Map<ArchiveFile, unknown>();

  /** Runs `work` on each item, a few at a time, and returns those on which it did not fail, in order. */
  async survivors<T extends Item>(items: readonly T[], work: (item: T) => Promise<void>): Promise<readonly T[]> {
    return this.results(items, async (item) => {
      await work(item);
      return item;
    });
  }

  /** The same, with what `work` returned for each item on which it did not fail. */
  async results<T extends Item, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
    const rest = items.entries();
    const done = new Map<number, R>();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const [index, item] of rest) {
          try {
            done.set(index, await work(item));
          } catch (error) {
            this.byFile.set(item.file, error);
          }
        }
      }),
    );
    return [...done].sort(([one], [other]) => one - other).map(([, result]) => result);
  }

  /** Leaves out the filesets in which a file has failed so far. */
  wholeOnly<T extends Item>(items: readonly T[]): readonly T[] {
    const spoiled = new Set([...this.byFile.keys()].map((file) => file.fileset));
    return items.filter(({ file }) => !spoiled.has(file.fileset));
  }

  /** Throws the first failure that may pass, if there is one. */
  throwPassing(): void {
    for (const error of this.byFile.values()) if (!(error instanceof Refused)) throw error;
  }

  /**
   * A refused file is stuck; any other failure leaves the file in its state for another attempt. Thrown where no file
   * advanced.
   */
  result(transitions: readonly Transition[]): StageResult {
    const refused = [...this.byFile].flatMap(([file, error]) => (error instanceof Refused ? [stuck(file, error)] : []));
    const other = [...this.byFile.values()].find((error) => !(error instanceof Refused));
    const all = [...transitions, ...refused];
    if (other === undefined) return { transitions: all };
    if (all.length === 0) throw other;
    return { transitions: all, wait: other instanceof NotYet ? other : new NotYet('SOME_FAILED', messageOf(other)) };
  }
}

/**
 * Throws where there are reasons against a step: `NotYet` where the only reason is that the copy is not yet durable.
 */
export function refuseFor(reasons: readonly Reason[], consequence?: string): void {
  const [first] = reasons;
  if (!first) return;
  const message = [reasons.map((reason) => reason.message).join('; '), ...(consequence ? [consequence] : [])].join(
    ': ',
  );
  if (reasons.every((reason) => reason.code === 'NOT_DURABLE'))
    throw new NotYet('NOT_DURABLE', message, { delayMs: 60_000 });
  throw new Refused(first.code, message, { reasons: reasons.map((reason) => reason.code) });
}
