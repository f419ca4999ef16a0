import type { RebuiltBag } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { Listing } from '../listing';

/** Counts what a rebuild did, and lists what a person must look at. */
export class Tally {
  found = 0;
  known = 0;
  later = 0;
  validations = 0;
  bags = 0;
  bytes = 0n;
  readonly files = { released: 0, linked: 0, skipped: 0 };
  unlisted = 0;
  readonly leftOut = new Listing<{ readonly bag: string; readonly code: string; readonly reason: string }>();
  readonly leftOutNames = new Set<string>();
  readonly copies = new Listing<{ readonly bag: string; readonly path: string; readonly code: string }>();
  readonly links = new Listing<{ readonly bag: string; readonly path: string; readonly reason: string | null }>();
  readonly heldLeft = new Listing<{
    readonly bag: string;
    readonly files: number;
    readonly of: number;
    readonly bytes: bigint;
  }>();
  private readonly requests = new Set<bigint>();
  private readonly held = new Map<string, number>();

  add({ name, files }: RebuiltBag, requestId: bigint, unlisted: number): void {
    this.bags += 1;
    this.unlisted += Math.max(0, unlisted);
    this.requests.add(requestId);
    for (const file of files) {
      this.files[file.state] += 1;
      this.bytes += file.identity.size;
      if (file.state === 'linked') this.held.set(name, this.heldIn(name) + 1);
      const path = `${file.root}/${file.display}`;
      if (file.copyFault !== null && file.state !== 'skipped')
        this.copies.add({ bag: name, path, code: file.copyFault });
      if (file.code === 'LINK_MISSING') this.links.add({ bag: name, path, reason: file.reason });
    }
  }

  leaveOut(bag: string, code: string, reason: string): void {
    this.leftOut.add({ bag, code, reason });
    this.leftOutNames.add(bag);
  }

  heldIn(bag: string): number {
    return this.held.get(bag) ?? 0;
  }

  get isWhole(): boolean {
    return this.leftOut.count + this.copies.count + this.links.count === 0;
  }

  document(): Readonly<Record<string, unknown>> {
    const list = <T>(listing: Listing<T>): Readonly<Record<string, unknown>> => ({
      count: listing.count,
      listed: listing.shown,
    });
    return {
      bags: { found: this.found, rebuilt: this.bags, known: this.known, validations: this.validations },
      requests: this.requests.size,
      files: this.files,
      bytes: this.bytes,
      leftOut: list(this.leftOut),
      copies: list(this.copies),
      links: list(this.links),
      held: list(this.heldLeft),
      unlisted: this.unlisted,
    };
  }

  get requestCount(): number {
    return this.requests.size;
  }
}

export function tallyLines(tally: Tally, dryRun: boolean): readonly string[] {
  const { released, linked, skipped } = tally.files;
  const part = (listing: Listing<unknown>, title: string, lines: readonly string[]): readonly string[] =>
    listing.count === 0 ? [] : ['', title, ...lines];
  return [
    `${dryRun ? 'Would be rebuilt' : 'Rebuilt'}: ${counted(tally.bags, 'bag')} in ${counted(tally.requestCount, 'request')}, ${formatBytes(tally.bytes)}; ${counted(tally.found, 'bag')} in the store${tally.known > 0 ? `, ${tally.known} of them known before` : ''}${tally.validations > 0 ? `, ${tally.validations} from "store validate"` : ''}`,
    `Archived: ${counted(released, 'file')}; with their originals held, so that they can be undone: ${counted(linked, 'file')}; not archived any more: ${counted(skipped, 'file')}`,
    ...(tally.unlisted > 0
      ? [`In bags, but named by no manifest: ${counted(tally.unlisted, 'file')}; left alone`]
      : []),
    ...part(
      tally.leftOut,
      `Left out, ${counted(tally.leftOut.count, 'bag')}; nothing of them was believed:`,
      tally.leftOut.lines(({ bag, code, reason }) => `${bag}: ${code}: ${reason}`),
    ),
    ...part(
      tally.copies,
      `Copies that are not right, ${counted(tally.copies.count, 'file')}; put them back from the store's backup:`,
      tally.copies.lines(({ bag, path, code }) => `${bag}: ${path}: ${code}`),
    ),
    ...part(
      tally.links,
      `Not at their paths, ${counted(tally.links.count, 'link')}; deleted in OMERO, or lost:`,
      tally.links.lines(({ bag, path, reason }) => `${bag}: ${path}: ${reason}`),
    ),
    ...part(
      tally.heldLeft,
      `In hold directories and not recognised; left alone:`,
      tally.heldLeft.lines(
        ({ bag, files, of, bytes }) => `${bag}: ${files} of ${counted(of, 'file')} (${formatBytes(bytes)} in all)`,
      ),
    ),
    ...(tally.bags > 0 && !dryRun ? ['', 'No copy was read. Next: coldroom verify --all'] : []),
  ];
}
