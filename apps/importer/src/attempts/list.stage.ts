import { Inject, Injectable } from '@nestjs/common';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type GroupedFiles, type ImportClaim } from '@coldroom/register';
import { listDepth, listFilesets } from '../omero/list';
import { OMERO_SETTINGS, type OmeroSettings } from '../omero/omero-command';
import { pathLines } from '../omero/paths';
import { importedPath } from '../source/imported-path';
import { SourcePlaces } from '../source/places';
import type { ImportStage } from '../stage';

const batchFiles = 1000;
const whole = { path: Buffer.alloc(0) };

/** Asks OMERO's importer how it groups the locked files into filesets. */
@Injectable()
export class ListStage implements ImportStage {
  readonly name = 'list';
  readonly takes = ['locked'] as const;

  constructor(
    private readonly register: Register,
    private readonly places: SourcePlaces,
    @Inject(OMERO_SETTINGS) private readonly omero: OmeroSettings,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const set = await importedPath(this.places, claim.order, whole);
    const filesets = new Batches(this.register, claim);
    await listFilesets(this.omero, {
      paths: [set],
      depth: listDepth,
      // Each file is compared with those of the order where it is recorded.
      isKnown: () => true,
      each: async ({ number, reader, paths }) => {
        work.check();
        pathLines([Buffer.from(paths[0]!)]); // refuses what could not be given to the importer later
        await filesets.add({ number, reader, paths: paths.map((path) => below(set, Buffer.from(path))) });
      },
      signal: work.signal,
    });
    await filesets.end();
    const { controls } = await this.places.of(claim.order);
    await this.register.imports.filesets.controls(claim, controls);
    const { count, first } = await this.register.imports.filesets.leftOut(claim.order.id);
    if (count > 0) await this.register.imports.looks.note(claim, 'import files left out', { files: count, first });
    await this.register.imports.advance(claim, { event: 'list', to: 'listed' });
  }
}

function below(set: Buffer, path: Buffer): Buffer {
  const prefix = Buffer.concat([set, Buffer.from('/')]);
  // The source is this one file.
  if (path.equals(set)) return Buffer.alloc(0);
  return path.subarray(0, prefix.length).equals(prefix) ? path.subarray(prefix.length) : path;
}

class Batches {
  private batch: GroupedFiles[] = [];
  private files = 0;
  private isFirst = true;

  constructor(
    private readonly register: Register,
    private readonly claim: ImportClaim,
  ) {}

  async add(fileset: GroupedFiles): Promise<void> {
    this.batch.push(fileset);
    if ((this.files += fileset.paths.length) >= batchFiles) await this.end();
  }

  async end(): Promise<void> {
    if (this.batch.length === 0) return;
    await this.register.imports.filesets.add(this.claim, this.batch, this.isFirst);
    this.isFirst = false;
    this.batch = [];
    this.files = 0;
  }
}
