import { Injectable } from '@nestjs/common';
import { crashPoint } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import { Register, type OpenImportMark } from '@coldroom/register';

const atOnce = 500;

interface Answer {
  readonly annotationId: bigint;
  readonly text: string;
  /** Nothing follows unless a person asks again. */
  readonly last: boolean;
}

/** Writes what became of the imports that were ordered by annotations into these annotations. */
@Injectable()
export class ImportAnswers {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
  ) {}

  /** Returns how many were written; 0 where OMERO shows what the register has. */
  async run(): Promise<number> {
    let written = 0;
    for (let after = 0n; ;) {
      const open = await this.register.imports.marks.open(after, atOnce);
      written += await this.write(open);
      const last = open.at(-1);
      if (!last || open.length < atOnce) return written;
      after = last.annotationId;
    }
  }

  private async write(open: readonly OpenImportMark[]): Promise<number> {
    const pending = open.flatMap((mark) => {
      const answer = answerTo(mark);
      return answer.text === mark.written ? [] : [answer];
    });
    if (pending.length === 0) return 0;
    const outcomes = await this.omero.answerImportMarks(pending);
    crashPoint('import-answer:1-written');
    const gone = new Set(outcomes.filter((each) => each.outcome === 'gone').map(({ annotationId }) => annotationId));
    await this.register.imports.marks.answered(pending.filter(({ annotationId }) => !gone.has(annotationId)));
    await this.register.imports.marks.forget([...gone]);
    return pending.length - gone.size;
  }
}

function answerTo({ annotationId, refused, order }: OpenImportMark): Answer {
  const answer = (text: string, last = false): Answer => ({ annotationId, text, last });
  if (!order) return answer(`refused: ${refused ?? ''}`, true);
  const named = `(import ${order.id})`;
  switch (order.state) {
    case 'ordered':
    case 'settled':
    case 'locked':
    case 'listed':
    case 'hashed':
    case 'synced':
      return answer(`queued ${named}`);
    case 'importing':
    case 'imported':
    case 'verified':
      return answer(`running ${named}`);
    case 'done':
    case 'emptied':
      return answer(`imported ${order.images} ${order.images === 1 ? 'image' : 'images'} ${named}`, true);
    case 'cancelled':
      return answer(`cancelled ${named}${order.reason === null ? '' : `: ${order.reason}`}`, true);
    case 'stuck':
      // A person may have it tried again: the answer then changes.
      return answer(`failed ${named} because ${order.reason ?? order.code ?? 'of a fault that was not recorded'}`);
  }
}
