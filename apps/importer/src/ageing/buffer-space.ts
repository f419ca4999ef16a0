import { statfs } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Imports, isShort, type BufferSettings } from '@coldroom/buffers';
import { codeOf, messageOf } from '@coldroom/domain';
import { RoundLoop } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const actor = 'buffer watch';
const kind = 'buffer filling up';

export const BUFFER_SPACE_MS = Symbol('how often the space in buffers is looked at');
export const usualBufferSpaceMs = 300_000;

/** Reports a buffer that fills up, once until there is enough space again. One importer at a time looks. */
@Injectable()
export class BufferSpace extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'space in buffers not known';

  constructor(
    private readonly imports: Imports,
    private readonly register: Register,
    protected readonly log: Log,
    @Inject(BUFFER_SPACE_MS) protected readonly pauseMs: number,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  protected async round(): Promise<void> {
    await this.register.alone(actor, () => this.look());
  }

  async look(): Promise<void> {
    for (const buffer of this.imports.buffers) {
      try {
        await this.lookAt(buffer);
      } catch (error) {
        // Not mounted: what was found last stays, and orders say why they wait.
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('space not known', { buffer: buffer.name, code, reason, next: 'it will be looked at again' });
      }
    }
    await this.endOthers();
  }

  private async lookAt(buffer: BufferSettings): Promise<void> {
    await this.imports.root(buffer);
    const { bavail, blocks, bsize } = await statfs(buffer.directory, { bigint: true });
    const [freeBytes, totalBytes] = [bavail * bsize, blocks * bsize];
    const short = isShort({ freeBytes, totalBytes }, buffer.warnBelow);
    const name = `${kind}:${buffer.name}`;
    const space = { free: freeBytes.toString(), total: totalBytes.toString() };
    const detail = { buffer: buffer.name, directory: buffer.directory, ...space };
    if (short === true) await this.register.troubles.found([{ name, detail }], actor);
    else if (short === false) await this.register.troubles.over([name], actor);
  }

  /** A buffer that was taken from the imports file is no trouble any longer. */
  private async endOthers(): Promise<void> {
    const known = this.imports.buffers.map(({ name }) => `${kind}:${name}`);
    const found = (await this.register.troubles.list(kind)).map(({ name }) => name);
    await this.register.troubles.over(
      found.filter((name) => !known.includes(name)),
      actor,
    );
  }
}
