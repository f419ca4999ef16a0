import type { RebuiltBag } from '@coldroom/register';
import type { ForeignEntries } from '../foreign-entries';
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
  /** Of what no bag has, in requests that were carried out after the backup that was restored. */
  readonly newRequests: bigint[] = [];
  /** Beside the bags in the store's directory. */
  foreign: ForeignEntries | undefined;
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
    return {
      bags: { found: this.found, rebuilt: this.bags, known: this.known, validations: this.validations },
      requests: this.requests.size,
      files: this.files,
      bytes: this.bytes,
      leftOut: this.leftOut.document(),
      copies: this.copies.document(),
      links: this.links.document(),
      held: this.heldLeft.document(),
      unlisted: this.unlisted,
      foreign: { count: this.foreign?.count ?? 0, names: this.foreign?.names ?? [] },
      newRequests: this.newRequests,
    };
  }

  get requestCount(): number {
    return this.requests.size;
  }
}
