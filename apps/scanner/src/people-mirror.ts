import { Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

/** Copies OMERO's users and groups into the register, where the console and the notifier read them. */
@Injectable()
export class PeopleMirror {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  /** Never throws: archiving does not depend on names and addresses. What was read before stays. */
  async run(): Promise<void> {
    try {
      await this.register.people.mirror(await this.omero.roster());
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('people not read', { code, reason, next: 'it will be retried at the next scan' });
      await this.register.people.mirrorFailed(`${code}: ${reason}`).catch(() => undefined); // reported by the log line above
    }
  }
}
