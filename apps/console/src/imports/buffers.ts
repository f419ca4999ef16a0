import { Inject, Injectable } from '@nestjs/common';
import { Imports } from '@coldroom/buffers';
import { Refused } from '@coldroom/domain';
import { CONSOLE, type ConsoleSettings } from '../console-settings';

/** The buffers that people import from, where this console knows them. */
@Injectable()
export class Buffers {
  private read: Promise<Imports> | undefined;

  constructor(@Inject(CONSOLE) private readonly settings: ConsoleSettings) {}

  get areSetUp(): boolean {
    return this.settings.imports !== undefined;
  }

  /** `Refused` `IMPORTS_NOT_SET_UP`, `IMPORTS_INVALID`. A file that could not be read is read again. */
  async imports(): Promise<Imports> {
    const { imports } = this.settings;
    if (!imports)
      throw new Refused(
        'IMPORTS_NOT_SET_UP',
        'Nothing can be ordered here: the console does not know the buffers. Ask the administrator.',
      );
    this.read ??= Imports.read(imports.file, imports.omeroDataDir);
    this.read.catch(() => (this.read = undefined));
    return this.read;
  }
}
