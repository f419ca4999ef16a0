import { Inject, Injectable } from '@nestjs/common';
import { findBioFormats, type BioFormats, type BioFormatsPlaces } from '@coldroom/omero';
import { Log } from '@coldroom/runtime';

export const BIO_FORMATS_PLACES = Symbol('where the version of Bio-Formats is found');

const keptMs = 300_000;
/** The cache of a large server has many files: the search for the newest takes at most this fraction of the time. */
const walkShare = 0.01;

/** The version of OMERO's Bio-Formats, looked up when it is needed and then kept for a while. */
@Injectable()
export class ServersBioFormats {
  private known: { readonly bioFormats: BioFormats; readonly until: number } | undefined;

  constructor(
    @Inject(BIO_FORMATS_PLACES) private readonly places: BioFormatsPlaces,
    @Inject(Log) private readonly log: Log,
  ) {}

  async get(): Promise<BioFormats> {
    if (this.known && performance.now() < this.known.until) return this.known.bioFormats;
    const begun = performance.now();
    const bioFormats = await findBioFormats(this.places);
    const now = performance.now();
    if (bioFormats.version !== this.known?.bioFormats.version) this.log.info('bio-formats version', { ...bioFormats });
    this.known = { bioFormats, until: now + Math.max(keptMs, (now - begun) / walkShare) };
    return bioFormats;
  }
}
