import { Injectable } from '@nestjs/common';
import { Refused, type OmeroAlgorithm } from '@coldroom/domain';
import { ImportDatabase, type FileMade } from '@coldroom/omero';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportClaim, type OrderedFile } from '@coldroom/register';
import { clientPathOf } from '../omero/client-path';
import { importedPaths } from '../source/imported-path';
import { SourcePlaces } from '../source/places';
import type { ImportStage } from '../stage';
import { OmeroCopies, type OmeroCopy } from './omero-copies';

const batchFilesets = 64;
/** After a crash, what was read and not recorded is read again: a large file is recorded at once. */
const recordedTogether = { files: 64, bytes: 64n << 20n };

type Proven = Pick<OrderedFile, 'id'> & { readonly originalFileId: bigint };

/** Proves an import: each file of its filesets is read where OMERO has it, and compared with the source. */
@Injectable()
export class VerifyStage implements ImportStage {
  readonly name = 'verify';
  readonly takes = ['imported'] as const;

  constructor(
    private readonly register: Register,
    private readonly places: SourcePlaces,
    private readonly database: ImportDatabase,
    private readonly copies: OmeroCopies,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const { imports } = this.register;
    const { id } = claim.order;
    const pathOf = await importedPaths(this.places, claim.order);
    for (let after = 0; ;) {
      const filesets = await imports.filesets.of(id, after, batchFilesets);
      if (filesets.length === 0) break;
      after = filesets.at(-1)!.number;
      const made = await this.database.filesOf(filesets.map(({ filesetId }) => filesetId!));
      const byPath = new Map(made.map((file) => [keyOf(file.filesetId, file.clientPath), file]));
      const files = await imports.files.ofFilesets(
        id,
        filesets.map(({ number }) => number),
      );
      const filesetOf = new Map(filesets.map(({ number, filesetId }) => [number, filesetId!]));
      let read: Proven[] = [];
      let bytes = 0n;
      for (const file of files) {
        // What was proven before a crash is not read again.
        if (file.provenAt !== null) continue;
        work.check();
        const clientPath = clientPathOf(pathOf(file).toString());
        const found = byPath.get(keyOf(filesetOf.get(file.fileset!)!, clientPath));
        if (!found) throw notProven(file, 'OMERO has no such file in the fileset that was made');
        await this.prove(claim, file, found, work);
        read.push({ id: file.id, originalFileId: found.originalFileId });
        bytes += file.size;
        if (read.length < recordedTogether.files && bytes < recordedTogether.bytes) continue;
        await imports.files.proven(claim, read);
        [read, bytes] = [[], 0n];
      }
      await imports.files.proven(claim, read);
    }
    await imports.advance(claim, { event: 'verify', to: 'verified', proven: true });
  }

  private async prove({ order }: ImportClaim, file: OrderedFile, made: FileMade, work: StageWork): Promise<void> {
    const copy = await this.copies.read(order, file, made, work);
    const why = whyNotProven(order.transfer, file, made, copy);
    if (why !== undefined) throw notProven(file, why);
  }
}

/** The content is compared by our own SHA-256. What OMERO recorded must be true of its file, too. */
function whyNotProven(transfer: string, file: OrderedFile, made: FileMade, copy: OmeroCopy): string | undefined {
  if (made.images < 1) return 'its fileset has no image';
  if (copy.file === null) return 'nothing can be read at the path in OMERO';
  if (copy.linked !== (transfer === 'ln_s'))
    return 'the path in OMERO is a link where it should not be one, or the other way round';
  if (copy.size !== file.size || made.size !== file.size)
    return `OMERO has ${copy.size} bytes and recorded ${made.size}, the source has ${file.size}`;
  if (copy.sha256 === null || copy.sha256 !== file.digests['SHA-256'])
    return 'its content in OMERO is not that of the source';
  if (made.hash === null) return 'OMERO recorded no checksum of it';
  const own = copy.digests[made.algorithm as OmeroAlgorithm];
  if (own !== undefined && own !== made.hash.toLowerCase())
    return `OMERO recorded ${made.algorithm} ${made.hash}, its file has ${own}`;
  return undefined;
}

function notProven(file: OrderedFile, why: string): Refused {
  return new Refused(
    'IMPORT_NOT_PROVEN',
    `"${file.display}" is not proven: ${why}. The source stays. Compare the two; delete the fileset in OMERO if it is wrong, and order the set again.`,
  );
}

const keyOf = (filesetId: bigint, clientPath: string): string => `${filesetId} ${clientPath}`;
