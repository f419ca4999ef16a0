import type { FileSystemLook } from '@coldroom/domain';
import { stat } from 'node:fs/promises';
import type { Root } from '../roots';
import { probe } from './probe';

const keptMs = 3_600_000;

/** The look at the file system of one root; taken again after an hour, and when something else is mounted there. */
export class KeptLook {
  #last: FileSystemLook | undefined;
  private takenFrom = '';
  private running: Promise<FileSystemLook> | undefined;

  /** @param path the directory below the root in which the files of the probe are made */
  constructor(private readonly path: Buffer) {}

  /** Undefined until one succeeded. */
  get last(): FileSystemLook | undefined {
    return this.#last;
  }

  /** Callers at the same time share one probe; errors as of `probe`. */
  async take(root: Root): Promise<FileSystemLook> {
    const from = `${root.id} ${(await stat(root.realPath, { bigint: true })).dev}`;
    if (this.#last && from === this.takenFrom && Date.now() - Date.parse(this.#last.at) < keptMs) return this.#last;
    this.running ??= this.probe(root, from).finally(() => (this.running = undefined));
    return this.running;
  }

  /** For a look that was refused: someone may change the mount now, so the next call looks again. */
  forget(): void {
    this.takenFrom = '';
  }

  private async probe(root: Root, from: string): Promise<FileSystemLook> {
    this.#last = await probe(root, this.path);
    this.takenFrom = from;
    return this.#last;
  }
}
