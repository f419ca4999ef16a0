import { join } from 'node:path';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Imports } from '@coldroom/buffers';
import { codeOf, messageOf } from '@coldroom/domain';
import { RoundLoop } from '@coldroom/pipeline';
import type { PreviewAnswer, Register } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';
import type { OmeroSettings } from './omero/omero-command';
import { previewSource } from './preview-source';

const limitMs = 15 * 60_000;
/** Longer than any preview takes: a question that is still taken then is of an importer that died. */
const leaseMs = limitMs + 60_000;
const keptMs = 86_400_000;
const forgetMs = 3_600_000;

export interface PreviewSettings {
  readonly omero: OmeroSettings;
  /** As the orders are listed. */
  readonly depth: number;
  /** The name of this importer. */
  readonly worker: string;
}

/**
 * Answers what OMERO's importer would make of a source. People wait for it, so it does not wait for imports to end; one
 * question at a time. Its command has a directory of its own and knows no session.
 */
@Injectable()
export class Previews extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'previews not answered';
  protected readonly pauseMs = 500;
  protected override readonly pauseAfterFailureMs = 5000;
  private nextForget = 0;

  constructor(
    private readonly register: Register,
    private readonly imports: Imports,
    private readonly settings: PreviewSettings,
    protected readonly log: Log,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  /** Answers the oldest question. */
  async round(): Promise<'again' | 'idle'> {
    const { previews } = this.register.imports;
    const { worker } = this.settings;
    const source = await previews.take(worker, leaseMs);
    if (source !== undefined) {
      const answer = await this.answerTo(source);
      if (answer) await previews.answer(source, worker, answer);
      else await previews.release(source, worker);
    }
    if (Date.now() >= this.nextForget) {
      this.nextForget = Date.now() + forgetMs;
      await previews.forget(keptMs);
    }
    return source === undefined ? 'idle' : 'again';
  }

  /** A failure is an answer, too: whoever waits reads why. Undefined where this importer ends. */
  private async answerTo(source: Buffer): Promise<PreviewAnswer | undefined> {
    const { omero, depth } = this.settings;
    const late = AbortSignal.timeout(limitMs);
    const signal = AbortSignal.any([this.stop.signal, late]);
    try {
      const own = { ...omero, workDir: join(omero.workDir, 'previews') };
      return {
        preview: await previewSource(this.imports, own, source, { depth, signal }),
        code: null,
        reason: null,
      };
    } catch (error) {
      if (this.stop.signal.aborted) return undefined;
      if (late.aborted) {
        const reason = `OMERO's importer did not list the files within ${limitMs / 60_000} minutes. Order parts of them, or order them without a look.`;
        return { preview: null, code: 'IMPORT_PREVIEW_TOO_SLOW', reason };
      }
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('preview failed', { code, reason });
      return { preview: null, code, reason };
    }
  }
}
