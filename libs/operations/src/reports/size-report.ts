import type { ImageQuestion } from '@coldroom/register';
import { UsageError } from '../failure';
import type { Reviewer } from '../requests/review';
import { answersTo, nameOfQuestion } from './image-answers';
import type { ReportRow, TableReport } from './table-report';
import { reportTables } from './tables';

/** One line of what is measured: an image, a fileset, or the name of a file. */
export interface SizeLine {
  readonly line: number;
  readonly text: string;
  readonly path: Buffer;
}

/** What is at a path. */
export interface MeasuredPath {
  /** `file`, `link`, `directory`, `missing`, or why it could not be read. */
  readonly found: string;
  readonly files: number;
  readonly bytes: bigint;
  /** Of these bytes, those that no earlier line has. */
  readonly counted: bigint;
}

export type Measure = (path: Buffer) => Promise<MeasuredPath>;

const atOnce = 50;
const object = /^(Image|Fileset):(\d{1,18})$/;

/**
 * The size of each line and of all. What several lines have, such as the fileset of two images or a file with two names,
 * counts once in the total.
 * @param measure for names of files; without it, they are refused
 */
export function sizeReport(reviewer: Reviewer, lines: AsyncIterable<SizeLine>, measure?: Measure): TableReport {
  const notes: string[] = [];
  return {
    table: 'size',
    title: 'Sizes',
    columns: reportTables.size,
    notes,
    rows: (async function* rows() {
      const counter = new Counter(reviewer, measure);
      for await (const some of inGroups(lines)) yield* await counter.rowsOf(some);
      if (counter.missing > 0) notes.push(`Not found: ${counter.missing}; the rows with "missing" name them.`);
      notes.push('The total counts each file once. Lines that name a file and its image count it twice.');
    })(),
  };
}

class Counter {
  missing = 0;
  private readonly components = new Set<string>();

  constructor(
    private readonly reviewer: Reviewer,
    private readonly measure: Measure | undefined,
  ) {}

  async rowsOf(lines: readonly SizeLine[]): Promise<readonly ReportRow[]> {
    const questions = lines.flatMap((line) => questionOf(line) ?? []);
    const answers = questions.length > 0 ? await answersTo(this.reviewer, questions) : new Map<string, null>();
    const rows: ReportRow[] = [];
    for (const line of lines) {
      const question = questionOf(line);
      const measured = question ? this.ofImage(answers.get(nameOfQuestion(question)) ?? null) : await this.ofPath(line);
      if (measured.found === 'missing') this.missing += 1;
      const { found, files, bytes, counted } = measured;
      rows.push({ line: line.line, object: line.text, found, files, bytes, counted_bytes: counted });
    }
    return rows;
  }

  private ofImage(
    answer: Awaited<ReturnType<typeof answersTo>> extends ReadonlyMap<string, infer A> ? A : never,
  ): MeasuredPath {
    if (!answer) return { found: 'missing', files: 0, bytes: 0n, counted: 0n };
    const { component, totals } = answer;
    const bytes = BigInt(totals.bytes);
    const isNew = !this.components.has(component);
    this.components.add(component);
    const found = totals.missing > 0 ? `${component}, ${totals.missing} missing` : component;
    return { found, files: isNew ? totals.files : 0, bytes, counted: isNew ? bytes : 0n };
  }

  private ofPath({ line, text, path }: SizeLine): Promise<MeasuredPath> {
    if (!this.measure)
      throw new UsageError(
        `Line ${line} is "${text}": here a line must be Image:7 or Fileset:9, as files are not read`,
      );
    return this.measure(path);
  }
}

function questionOf({ text }: SizeLine): ImageQuestion | undefined {
  const [, kind, id] = object.exec(text) ?? [];
  return id === undefined ? undefined : { kind: kind as ImageQuestion['kind'], id: BigInt(id) };
}

async function* inGroups(lines: AsyncIterable<SizeLine>): AsyncGenerator<readonly SizeLine[]> {
  let group: SizeLine[] = [];
  for await (const line of lines) {
    group.push(line);
    if (group.length < atOnce) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
