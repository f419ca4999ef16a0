import type { Imported } from './import-fileset';
import type { SampleGroup } from './people';

/** What the ordinary images are. */
export type OrdinaryKind = 'single-file' | 'series' | 'many-files';

/** What each of the others is there to test. */
export type SpecialKind =
  | 'plate'
  | 'partly-marked'
  | 'no-dataset'
  | 'two-datasets'
  | 'attachment'
  | 'failed-import'
  | 'legacy-chain'
  | 'legacy-original'
  | 'legacy-pixels-only'
  | 'legacy-pyramid-only'
  | 'legacy-pixels-and-pyramid'
  | 'fs-pyramid'
  | 'odd-name'
  | 'in-place-symlink'
  | 'hard-link'
  | 'missing-file'
  | 'wrong-hash'
  | 'no-hash'
  | 'upper-case-hash'
  | 'file-size-64'
  | 'md5-128'
  | 'adler-32'
  | 'crc-32'
  | 'murmur3-32'
  | 'murmur3-128'
  | 'sparse'
  | 'empty-companion'
  | 'nanosecond-mtime'
  | 'extended-attribute'
  | 'marked-by-leader'
  | 'marked-by-stranger'
  | 'tag-lookalike'
  | 'boolean-lookalike'
  | 'other-namespace';

export interface SampleKind {
  readonly imageIds: readonly number[];
  readonly filesets: readonly number[];
  /** Relative to the data directory. */
  readonly files: readonly string[];
}

export interface SampleReport {
  readonly images: number;
  readonly filesets: number;
  /** Pixel files that OMERO knows: fileset entries, legacy pixels and originals, pyramids. */
  readonly files: number;
  readonly bytes: number;
  readonly dataDir: string;
  /** What in-place imports link to. */
  readonly outsideDir: string;
  readonly managedUuid: string;
  readonly users: ReadonlyArray<{
    readonly id: number;
    readonly omename: string;
    readonly groupId: number;
    readonly role: 'user' | 'leader' | 'administrator';
  }>;
  readonly groups: readonly SampleGroup[];
  readonly ordinary: Readonly<Record<OrdinaryKind, SampleKind>>;
  readonly special: Readonly<Record<SpecialKind, SampleKind>>;
  /** Images with a mark that counts. */
  readonly marked: readonly number[];
}

/** For a very large sample, only this many ordinary filesets are listed by name. */
const LISTED = 1_000;

/** Gathers what was made, kind by kind. */
export class Tally {
  readonly kinds = new Map<OrdinaryKind | SpecialKind, { imageIds: number[]; filesets: number[]; files: string[] }>();
  images = 0;
  filesets = 0;
  files = 0;
  bytes = 0;

  add(kind: OrdinaryKind | SpecialKind, imported: Imported): void {
    this.images += imported.imageIds.length;
    this.filesets += imported.fileset === undefined ? 0 : 1;
    this.files += imported.files.length;
    this.bytes += imported.bytes;
    const listed = this.kinds.get(kind) ?? { imageIds: [], filesets: [], files: [] };
    this.kinds.set(kind, listed);
    if (listed.filesets.length >= LISTED) return;
    listed.imageIds.push(...imported.imageIds);
    if (imported.fileset !== undefined) listed.filesets.push(imported.fileset);
    listed.files.push(...imported.files);
  }

  of<K extends OrdinaryKind | SpecialKind>(kinds: readonly K[]): Record<K, SampleKind> {
    const none: SampleKind = { imageIds: [], filesets: [], files: [] };
    return Object.fromEntries(kinds.map((kind) => [kind, this.kinds.get(kind) ?? none])) as Record<K, SampleKind>;
  }
}
