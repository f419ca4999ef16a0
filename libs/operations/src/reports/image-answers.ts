import { setTimeout as sleep } from 'node:timers/promises';
import { Transient } from '@coldroom/domain';
import type { ImageQuestion, ImageQuestionAnswer, Register } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { may, relationsTo } from '../rights/rights';

/** A file that OMERO names, and what is at its path. Sizes are texts, as in the register's answer. */
export interface AnsweredFile {
  readonly root: string;
  readonly path: string;
  readonly role: string;
  readonly found: string;
  readonly bytes: string | null;
}

/** What the scanner answers about an image; ids and sizes are texts. */
export interface AnsweredImage {
  readonly image: {
    readonly imageId: string;
    readonly name: string;
    readonly ownerId: string;
    readonly owner: string;
    readonly groupId: string;
    readonly group: string;
    readonly format: string;
    readonly archived: boolean | null;
    readonly acquired: string | null;
    readonly parents: readonly string[];
    readonly pixels: readonly {
      readonly pixelsId: string;
      readonly sizeX: number;
      readonly sizeY: number;
      readonly sizeZ: number;
      readonly sizeC: number;
      readonly sizeT: number;
      readonly type: string | null;
    }[];
  };
  readonly component: string;
  /** The first of them; the totals count all. */
  readonly files: readonly AnsweredFile[];
  readonly totals: { readonly files: number; readonly bytes: string; readonly missing: number };
}

const pollMs = 100;
/** People wait for it. */
const limitMs = 8000;
/** An older answer is not used. */
const maxAgeMs = 10_000;

export const nameOfQuestion = ({ kind, id }: ImageQuestion): string => `${kind}:${id}`;

/**
 * What these images and filesets are, which the scanner reads for whoever asks, by name; null if OMERO has none, or the
 * actor may not see it. `Transient` `IMAGE_NOT_READ` if it does not answer for some seconds, or could not read one.
 */
export async function answersTo(
  reviewer: Reviewer,
  questions: readonly ImageQuestion[],
): Promise<ReadonlyMap<string, AnsweredImage | null>> {
  const { imageQuestions } = reviewer.register;
  await imageQuestions.ask(questions, maxAgeMs);
  await untilAnswered(reviewer.register, questions);
  const answers = await imageQuestions.answers(questions);
  return new Map(answers.map((answer) => [nameOfQuestion(answer), visible(reviewer, answer)]));
}

/** As long as some are answered within the limit. */
async function untilAnswered({ imageQuestions }: Register, questions: readonly ImageQuestion[]): Promise<void> {
  let [answered, since] = [0, performance.now()];
  while (!(await imageQuestions.areAnswered(questions))) {
    const now = (await imageQuestions.answers(questions)).length;
    if (now > answered) [answered, since] = [now, performance.now()];
    if (performance.now() - since > limitMs)
      throw new Transient(
        'IMAGE_NOT_READ',
        `The scanner has not answered yet what ${questions.slice(0, 3).map(nameOfQuestion).join(' ')} is. Try again in a minute. If it stays so, ask the administrator whether the scanner is running`,
      );
    await sleep(pollMs);
  }
}

function visible(
  { actor, policy }: Reviewer,
  { kind, id, answer, code, reason }: ImageQuestionAnswer,
): AnsweredImage | null {
  if (code !== null) {
    // The reason may name hosts and tables.
    const seesReason = may(actor.roles, 'seeStuck', ['other'], policy);
    throw new Transient(
      'IMAGE_NOT_READ',
      `The scanner could not read ${kind}:${id} in OMERO${seesReason ? `: ${reason}` : '. Try again in a minute, or ask the administrator'}`,
    );
  }
  const found = answer as AnsweredImage | null;
  if (!found) return null;
  const ownerId = BigInt(found.image.ownerId);
  const related = relationsTo(actor, { ownerId, requesterId: ownerId, groupId: BigInt(found.image.groupId) });
  return may(actor.roles, 'seeUsage', related, policy) ? found : null;
}
