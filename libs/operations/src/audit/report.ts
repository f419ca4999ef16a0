import { ColdroomError, messageOf } from '@coldroom/domain';
import type { ForeignEntries } from '../foreign-entries';

/** Everything that an audit can find, by its meaning for a person. docs/error-codes.md explains each. */
export const discrepancyTitles = {
  LOST: 'The store has no copy',
  COPY_WRONG_SIZE: 'The copy has another size',
  COPY_CHANGED: 'The copy is not the one that was proven',
  COPY_BAD: 'The copy was bad when it was last read',
  DARK_BAG: 'A sealed bag that the register does not know',
  DARK_COPY: 'A copy in a sealed bag that the register does not know',
  DANGLING: 'Our link leads nowhere',
  RECALLED_COPY_CHANGED: 'The recalled copy has another size',
  LINK_MISSING: 'Our link is gone',
  LINK_LEFT: 'Our link of pixels of OMERO 4 is still there, though OMERO deleted the image',
  LINK_CHANGED: 'Another link is in the place of ours',
  ORIGINAL_BACK: "A file of the original's size is in the place of our link",
  NOT_A_LINK: 'Something else is in the place of our link',
  ORIGINAL_WRONG: 'An original that was given back is not there as it was',
  IMAGE_DELETED: 'OMERO no longer has it, though it is archived',
  TAG_LOST: 'Our mark is gone in OMERO',
  TAG_LEFT: 'OMERO still shows our mark, though the image was given back',
  FLAG_WRONG: 'image.archived in OMERO is not what it should be',
  LINKS_NOT_OPENED: "OMERO's version of Bio-Formats may not open this through links",
  HELD_ORPHAN: 'Nothing in the register accounts for this in a hold directory',
  RECALLED_COPY_ORPHAN: 'No recalled file accounts for this in a recall directory',
  IMPORT_LINK_BROKEN: 'A file that OMERO has in place is not as it was imported',
  TOTALS_DIFFER: 'The totals that the register keeps for a request are not what a count gives',
} as const;
export type DiscrepancyCode = keyof typeof discrepancyTitles;
export const discrepancyCodes = Object.keys(discrepancyTitles) as readonly DiscrepancyCode[];

export interface Discrepancy {
  readonly code: DiscrepancyCode;
  /** OMERO's name where it has one: `Image:5`; otherwise `File:12` (the register's number), a bag or a path. */
  readonly object: string;
  readonly path?: string;
  readonly fileset?: string;
  readonly bag?: string;
  readonly expected: string;
  readonly found: string;
  /** What to do about it. */
  readonly remedy: string;
}

interface Found {
  readonly total: number;
  readonly repaired: number;
  readonly shown: readonly Discrepancy[];
}

/** A part, or items of a part, that could not be examined: nothing is known about it. */
export interface NotLookedAt {
  readonly part: string;
  readonly reason: string;
  /** The number of items; null if the part was not started at all. */
  readonly things: number | null;
}

const reasonsShown = 100;

/**
 * What an audit found. All are counted; details are kept up to a limit per code, so that memory does not grow with the
 * archive.
 */
export class Report {
  readonly looked = { files: 0, images: 0, bags: 0, trialBags: 0, held: 0, online: 0, deletionsKnown: 0 };
  /** What is beside the bags in the directories of stores; no finding. */
  readonly foreign: ForeignEntries[] = [];
  /** Stores with `protect: none`; no finding, as the settings say so. */
  readonly unprotected: string[] = [];
  private readonly found = new Map<
    DiscrepancyCode,
    { total: number; repaired: number; readonly shown: Discrepancy[] }
  >();
  private readonly unseen = new Map<
    string,
    { readonly part: string; readonly reason: string; things: number | null }
  >();

  constructor(private readonly limit: number) {}

  add(finding: Discrepancy): void {
    const of = this.of(finding.code);
    of.total += 1;
    if (of.shown.length < this.limit) of.shown.push(finding);
  }

  /** This many of these have been repaired. */
  repaired(code: DiscrepancyCode, count: number): void {
    this.of(code).repaired += count;
  }

  /** @param things how many items could not be examined, if the rest of the part could */
  notLookedAt(part: string, reason: unknown, things: number | null = null): void {
    const text = reason instanceof ColdroomError ? reason.message : messageOf(reason);
    const key = things === null ? part : `${part}\n${text}`;
    const known = this.unseen.get(key) ?? (this.unseen.size < reasonsShown ? undefined : this.unseen.get(part));
    if (!known) this.unseen.set(this.unseen.size < reasonsShown ? key : part, { part, reason: text, things });
    else if (known.things !== null && things !== null) known.things += things;
  }

  findings(): ReadonlyMap<DiscrepancyCode, Found> {
    return new Map(
      discrepancyCodes.flatMap((code) => {
        const found = this.found.get(code);
        return found ? [[code, found] as const] : [];
      }),
    );
  }

  notLooked(): readonly NotLookedAt[] {
    return [...this.unseen.values()];
  }

  /** Nothing is wrong (or everything was repaired), and nothing was left out. */
  get clean(): boolean {
    return this.unseen.size === 0 && [...this.found.values()].every(({ total, repaired }) => total === repaired);
  }

  private of(code: DiscrepancyCode): { total: number; repaired: number; readonly shown: Discrepancy[] } {
    const known = this.found.get(code) ?? { total: 0, repaired: 0, shown: [] };
    this.found.set(code, known);
    return known;
  }
}
