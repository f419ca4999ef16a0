import { Inject, Injectable } from '@nestjs/common';
import type { Imports } from '@coldroom/buffers';
import { codeOf, messageOf, Refused, transferModes, type TransferMode } from '@coldroom/domain';
import { OmeroDatabase, type ImportMark } from '@coldroom/omero';
import { Register, type ImportMarkResult } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { batches } from './batches';

const batchSize = 500;
export const IMPORTS = Symbol('the buffers, or null where the site has none');

/** Places the orders that people write into annotations IMPORT of their datasets and screens. */
@Injectable()
export class ImportMarks {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    @Inject(IMPORTS) private readonly imports: Imports | null,
    private readonly log: Log,
  ) {}

  /**
   * Acts on each annotation without an answer. Nothing happens to one that is answered: whoever empties the answer asks
   * again. Never throws: archiving does not depend on it.
   */
  async run(by: string): Promise<void> {
    if (this.imports === null) return;
    try {
      for await (const some of batches(this.omero.importMarks(), batchSize))
        await this.act(
          some.filter(({ answer }) => answer === ''),
          by,
          this.imports,
        );
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('import annotations not read', { code, reason, next: 'it will be retried at the next scan' });
    }
  }

  private async act(marks: readonly ImportMark[], by: string, imports: Imports): Promise<void> {
    const known = await this.register.imports.marks.known(marks.map(({ annotationId }) => annotationId));
    for (const mark of marks) {
      const before = known.get(mark.annotationId);
      // Its order goes on. The answer was emptied, or is not written yet.
      if (before && !before.closed) {
        if (before.written !== null) await this.register.imports.marks.lost(mark.annotationId);
        continue;
      }
      try {
        const result = await this.place(mark, by, imports);
        await this.register.imports.marks.placed(mark.annotationId, result);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        const next = 'it will be retried at the next scan';
        this.log.warn('import not ordered', { annotation: mark.annotationId, code, reason, next });
      }
    }
  }

  /** The order, or why there is none. Throws what may pass: a buffer that is not mounted, a register that is away. */
  private async place(mark: ImportMark, by: string, imports: Imports): Promise<ImportMarkResult> {
    try {
      const target = targetOf(mark);
      const path = Buffer.from(mark.directory.replace(/\/+$/, ''));
      const source = await imports.resolveSource(path, mark.person.name, false);
      const transfer = imports.transferOf(source.buffer, transferOf(mark.transfer));
      const { id, isNew } = await this.register.imports.orders.order(
        {
          personId: mark.person.id,
          person: mark.person.name,
          groupId: mark.group.id,
          group: mark.group.name,
          source: source.path,
          display: source.display,
          target,
          transfer,
          options: {},
          origin: 'annotation',
        },
        mark.person.name,
      );
      this.log.info('import ordered', { import: id, annotation: mark.annotationId, isNew, by });
      return { orderId: id };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { refused: error.message };
    }
  }
}

/** The target as OMERO's importer takes it. It has no projects: only a dataset of a project can be one. */
function targetOf({ refused, target }: ImportMark): string {
  if (refused !== null) throw new Refused('IMPORT_TARGET_NOT_ALLOWED', refused);
  if (target.kind === 'Project')
    throw new Refused(
      'IMPORT_TARGET_KIND',
      'OMERO imports into datasets and screens, not into projects. Put this annotation on a dataset of the project.',
    );
  return `${target.kind}:${target.id}`;
}

function transferOf(text: string): TransferMode | undefined {
  if (text === '') return undefined;
  const mode = transferModes.find((each) => each === text.toLowerCase());
  if (mode) return mode;
  throw new Refused(
    'IMPORT_TRANSFER_UNKNOWN',
    `There is no transfer "${text}". Use one of ${transferModes.join(', ')}, or leave it out.`,
  );
}
