import { Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Log } from '@coldroom/runtime';
import { ImportAnnotations } from './import-annotations';
import { ImportAnswers } from './import-answers';
import { Mirror } from './mirror';
import { PolicyRounds } from './policies/policy-rounds';
import { Scans } from './scans';
import { Starter } from './starter';

/** The name under which the scanner's actions are in the register. */
export const by = 'scanner';

/** Everything that the scanner does, once. */
@Injectable()
export class Round {
  constructor(
    private readonly scans: Scans,
    private readonly starter: Starter,
    private readonly mirror: Mirror,
    private readonly importAnswers: ImportAnswers,
    private readonly importAnnotations: ImportAnnotations,
    private readonly policies: PolicyRounds,
    private readonly log: Log,
  ) {}

  async run(stop: AbortSignal): Promise<void> {
    // First: an image whose request was just declined still has its mark, and must not be requested again.
    await this.part('marks', () => this.writeMarks(stop));
    await this.scans.run(by, stop);
    await this.part('policies', () => this.policies.run(by, stop));
    await this.start();
    await this.part('marks', () => this.writeMarks(stop));
    await this.part('import answers', async () => void (await this.importAnswers.run()));
    await this.part('import annotations', () => this.importAnnotations.run(by, stop));
  }

  private async start(): Promise<void> {
    await this.part('start', () => this.starter.run(by));
  }

  /** What is approved meanwhile does not wait for the marks of a hundred thousand images. */
  private async writeMarks(stop: AbortSignal): Promise<void> {
    while (!stop.aborted && (await this.mirror.run()) > 0) await this.start();
  }

  /** An action that fails is tried again in the next round, and does not stop the rest of this one. */
  private async part(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.warn('round failed', {
        part: name,
        code: codeOf(error),
        reason: messageOf(error),
        next: 'it will be retried',
      });
    }
  }
}
