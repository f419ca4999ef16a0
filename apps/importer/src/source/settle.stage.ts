import { Inject, Injectable } from '@nestjs/common';
import { NotYet, Refused } from '@coldroom/domain';
import { displayPath, Files } from '@coldroom/files';
import { Register, type FoundFile, type ImportClaim, type ImportOrder } from '@coldroom/register';
import type { StageWork } from '@coldroom/pipeline';
import type { ImportStage } from '../stage';
import { entriesOf, Look, lookAtSource } from './look';
import { SOURCE_OPTIONS, type SourceOptions } from './options';
import { SourcePlaces, type OrderPlaces } from './places';
import { sourceBusy } from './source-busy';
import { startAgain } from './start-again';

const pathLimit = 4095;

/** Waits until the source is complete, and records what is in it. */
@Injectable()
export class SettleStage implements ImportStage {
  readonly name = 'settle';
  readonly takes = ['ordered'] as const;

  constructor(
    readonly files: Files,
    readonly register: Register,
    private readonly places: SourcePlaces,
    @Inject(SOURCE_OPTIONS) private readonly options: SourceOptions,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const { order } = claim;
    const places = await this.places.of(order);
    // What an earlier round has locked goes back first: only then the source is all of the set.
    await startAgain(this, claim, places, work);
    const { looks, files, sources } = this.register.imports;
    await sources.gaveBack(claim);
    await this.waitForOthers(order);
    const look = await lookAtSource(this.files, places, order);
    await this.waitForOthers(order); // who took files while they were looked at
    const unchangedMs = await looks.found(claim, look.found);
    if (look.unfinished.count > 0 || unchangedMs < this.options.stableMs)
      throw this.notSettled(order, look, unchangedMs);
    refuseFaults(order, look);
    await refuseLongPaths(order, look, places);
    await files.settle(claim, look.content, this.found(places, order, look.found));
  }

  /** Files that another order has moved are missing in the source; those of a cancelled order may still come back. */
  private async waitForOthers(order: ImportOrder): Promise<void> {
    const other = await this.register.imports.sources.heldBy(order);
    if (other !== undefined) throw sourceBusy(order, other);
  }

  private notSettled({ display }: ImportOrder, look: Look, unchangedMs: number): NotYet {
    const { stableMs } = this.options;
    const why =
      look.unfinished.count > 0
        ? `these names are of files that are still being written: ${look.unfinished}`
        : `it has been unchanged for ${Math.round(unchangedMs / 1000)} s of ${Math.round(stableMs / 1000)} s; ${look.last}`;
    const delayMs = look.unfinished.count > 0 ? stableMs : stableMs - unchangedMs;
    return new NotYet('IMPORT_NOT_SETTLED', `${display} may not be complete: ${why}.`, {
      delayMs: Math.max(Math.ceil(delayMs), 1000),
    });
  }

  /** The files to record. What is recorded must be what was looked at. */
  private async *found(
    places: OrderPlaces,
    order: ImportOrder,
    expected: string,
  ): AsyncGenerator<readonly FoundFile[]> {
    const again = new Look();
    for await (const batch of entriesOf(this.files, places, order)) {
      for (const entry of batch) again.add(entry);
      yield batch.map(({ path, identity }) => ({ path, display: displayPath(path) || order.display, identity }));
    }
    if (again.found !== expected)
      throw new NotYet('IMPORT_NOT_SETTLED', `${order.display} was changed while it was recorded; ${again.last}.`, {
        delayMs: this.options.stableMs,
      });
  }
}

/** The system and OMERO's importer take paths of up to 4095 bytes: those of the source, the lock and the copy. */
async function refuseLongPaths({ display }: ImportOrder, { longest }: Look, places: OrderPlaces): Promise<void> {
  const copies = await places.importRoot();
  const file = { path: longest };
  const [longestPlace = 0] = [places.sourceOf(file), places.own('locks').of(file), ...(copies ? [copies.of(file)] : [])]
    .map(({ root, path }) => Buffer.byteLength(root) + 1 + path.length)
    .sort((one, other) => other - one);
  if (longestPlace <= pathLimit) return;
  throw new Refused(
    'PATH_TOO_LONG',
    `The path of "${displayPath(longest)}" of ${display} would have ${longestPlace} bytes while it is imported; ${pathLimit} are possible. Shorten names in it, and retry.`,
  );
}

function refuseFaults({ display }: ImportOrder, look: Look): void {
  if (look.files === 0)
    throw new Refused(
      'IMPORT_SET_EMPTY',
      `${display} has no files. Save the data there and retry, or cancel the order.`,
    );
  if (look.notFiles.count > 0)
    throw new Refused(
      'IMPORT_NOT_A_FILE',
      `${display} has what is neither a file nor a directory: ${look.notFiles}. Remove it, or put the files themselves there, and retry.`,
    );
  if (look.zeroBytes.count > 0)
    throw new Refused(
      'IMPORT_ZERO_BYTES',
      `${display} has files without content: ${look.zeroBytes}. Save them again or remove them, and retry.`,
    );
}
