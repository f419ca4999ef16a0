import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf, type RootName } from '@coldroom/domain';
import { displayPath, Files, type Found } from '@coldroom/files';
import { OmeroDatabase, type ClosureFile, type ImageRecord } from '@coldroom/omero';
import { RoundLoop } from '@coldroom/pipeline';
import { Register, type ImageQuestion } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Originals } from '@coldroom/trees';
import { batches } from './batches';

const atOnce = 20;
const keptMs = 86_400_000;
const forgetMs = 3_600_000;
const batchSize = 1000;
/** All files are counted; so many are listed. */
const mostListed = 1000;

/** What is at the path of a file that OMERO names. */
interface FileAnswer {
  readonly root: RootName;
  readonly path: string;
  readonly role: ClosureFile['role'];
  /** `file`, `link`, `missing`, or why it could not be looked at. */
  readonly found: string;
  /** Null if it is not known. Of a link of an archived file, that of the original. */
  readonly bytes: bigint | null;
}

interface ImageAnswer {
  readonly image: ImageRecord;
  /** All that has to be archived with it: `Fileset:9`. */
  readonly component: string;
  readonly files: readonly FileAnswer[];
  readonly totals: { readonly files: number; readonly bytes: bigint; readonly missing: number };
}

/**
 * Answers what an image is in OMERO and on disk. People wait for it, so it does not wait for a scan to end. Two scanners
 * that answer the same question do no harm.
 */
@Injectable()
export class ImageAnswers extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'images not answered';
  protected readonly pauseMs = 300;
  protected override readonly pauseAfterFailureMs = 5000;
  private nextForget = 0;

  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly files: Files,
    private readonly originals: Originals,
    protected readonly log: Log,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  /** Answers what was asked so far. */
  async round(): Promise<void> {
    const { imageQuestions } = this.register;
    for (const question of await imageQuestions.asked(atOnce)) {
      if (this.stop.signal.aborted) return;
      await imageQuestions.answer({ ...question, ...(await this.answerTo(question)) });
    }
    if (Date.now() < this.nextForget) return;
    this.nextForget = Date.now() + forgetMs;
    await imageQuestions.forget(keptMs);
  }

  /** A failure is an answer, too: whoever waits reads why. */
  private async answerTo(question: ImageQuestion) {
    try {
      return { answer: (await this.read(question)) ?? null, code: null, reason: null };
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('image not read', { image: `${question.kind}:${question.id}`, code, reason });
      return { answer: null, code, reason };
    }
  }

  private async read({ kind, id }: ImageQuestion): Promise<ImageAnswer | undefined> {
    const imageId = kind === 'Image' ? id : await this.omero.imageOf(id);
    const image = imageId === undefined ? undefined : await this.omero.imageRecord(imageId);
    if (!image) return undefined;
    return this.omero.withClosure([image.imageId], async ({ components, files }) => {
      let component = '';
      for await (const { name } of components) component ||= name;
      const listed: FileAnswer[] = [];
      const totals = { files: 0, bytes: 0n, missing: 0 };
      for await (const some of batches(files, batchSize))
        for (const file of await this.look(some)) {
          if (file.found === 'missing') totals.missing += 1;
          else [totals.files, totals.bytes] = [totals.files + 1, totals.bytes + (file.bytes ?? 0n)];
          if (listed.length < mostListed) listed.push(file);
        }
      return { image, component, files: listed, totals };
    });
  }

  /** OMERO 4 pixels and pyramids that are not on disk are left out: OMERO does not say whether there are any. */
  private async look(some: readonly ClosureFile[]): Promise<readonly FileAnswer[]> {
    for (const root of new Set(some.map((file) => file.root))) await this.originals.root(root);
    const found = await this.files.inspect(
      some.map(({ root, path }) => ({ root: this.originals.directory(root), path })),
    );
    const sizes = new Map<RootName, ReadonlyMap<string, bigint>>();
    for (const [root, of] of Map.groupBy(
      some.filter((_, at) => found[at]?.kind === 'link'),
      (file) => file.root,
    ))
      sizes.set(
        root,
        await this.register.usage.archivedSizes(
          root,
          of.map(({ path }) => path),
        ),
      );
    return some.flatMap(({ root, path, role, mandatory }, at) => {
      const seen = found[at] as Found;
      if (seen.kind === 'missing' && !mandatory) return [];
      const bytes = seen.kind === 'file' ? seen.identity.size : (sizes.get(root)?.get(path.toString()) ?? null);
      return [{ root, path: displayPath(path), role, found: wordOf(seen), bytes }];
    });
  }
}

function wordOf(found: Found): string {
  return found.kind === 'refused' ? found.error.code : found.kind;
}
