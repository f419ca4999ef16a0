import { ColdroomError, Transient } from '@coldroom/domain';
import type { ImportPreview, PreviewAnswer, PreviewState, Register } from '@coldroom/register';
import { waiting, type Waiting } from '../waiting';

const maxAgeMs = 60_000;
/** A page that asks again and again shows why it failed, and does not have it tried each time. */
const failedMaxAgeMs = 15_000;
/** In which an importer takes the question, if one is running. */
const takenWithinMs = 15_000;
const limitMs = 20 * 60_000;

/** Asks the importer what it would make of a source, and waits for it. `source` is that of a planned order. */
export async function* previewImport(
  register: Register,
  source: Buffer,
): AsyncGenerator<Waiting<PreviewState>, ImportPreview> {
  const { previews } = register.imports;
  await previews.ask(source, maxAgeMs);
  const begun = performance.now();
  const { answer } = yield* waiting({
    read: () => previews.state(source),
    isOver: (now) => {
      const waited = performance.now() - begun;
      if (now.answer === undefined && waited > (now.isTaken ? limitMs : takenWithinMs)) throw notAnswered();
      return now.answer !== undefined;
    },
    pauseMs: 200,
  });
  return previewOf(answer as PreviewAnswer);
}

/** The preview if it is there by now; undefined while the importer works on it. For pages that ask again. */
export async function previewByNow(register: Register, source: Buffer): Promise<ImportPreview | undefined> {
  const { previews } = register.imports;
  await previews.ask(source, maxAgeMs, failedMaxAgeMs);
  const { answer } = await previews.state(source);
  return answer && previewOf(answer);
}

/** `Refused` with the code of the importer. */
function previewOf({ preview, code, reason }: PreviewAnswer): ImportPreview {
  if (preview) return preview;
  throw new AnsweredRefusal(code, reason);
}

/** Why the importer could not say what it would import; its code is the importer's. */
class AnsweredRefusal extends ColdroomError {
  readonly kind = 'refused';
}

const notAnswered = (): Transient =>
  new Transient(
    'IMPORT_PREVIEW_NOT_ANSWERED',
    'The importer has not answered yet what it would import. Try again in a minute. If it stays so, check that the importer is running.',
  );
