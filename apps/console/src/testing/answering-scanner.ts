import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '@coldroom/domain';
import type { Register } from '@coldroom/register';

export interface SampleContainer extends Container {
  readonly name: string;
  readonly imageIds: readonly bigint[];
}

/** Answers what is in containers as the scanner does, from a list instead of OMERO's database. */
export class AnsweringScanner {
  readonly containers: SampleContainer[] = [];
  /** As long as it is set, nothing can be read. */
  failure: { readonly code: string; readonly reason: string } | undefined;
  /** As long as it is set, nothing is answered. */
  silent = false;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(private readonly register: Register) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (; !this.stopped; await sleep(30)) {
      if (this.silent) continue;
      for (const { kind, id } of await this.register.containers.asked(100)) {
        const found = this.containers.find((each) => each.kind === kind && each.id === id);
        const nothing = { kind, id, name: null, imageIds: [], code: null, reason: null };
        await this.register.containers.answer({ ...nothing, ...(this.failure ?? found) });
      }
    }
  }
}
