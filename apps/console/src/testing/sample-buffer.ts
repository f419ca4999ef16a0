import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferMarker } from '@coldroom/buffers';
import { writeMarker } from '@coldroom/files';
import type { ImportPreview, Register } from '@coldroom/register';
import type { ConsoleSettings } from '../console-settings';
import { lab, people } from './running-console';

/** A buffer with a few files of alice and olga, and the imports file that names it. */
export class SampleBuffer {
  private constructor(private readonly dir: string) {}

  static async make(): Promise<SampleBuffer> {
    const buffer = new SampleBuffer(mkdtempSync(join(tmpdir(), 'coldroom-sample-buffer-')));
    for (const [login, ...names] of [
      ['alice', 'a.tif', 'b.tif', 'run-1/c.tif', 'run-1/notes.txt'],
      ['olga', 'd.tif'],
    ] as const)
      for (const name of names) {
        mkdirSync(join(buffer.at(login, name), '..'), { recursive: true });
        writeFileSync(buffer.at(login, name), name);
      }
    await writeMarker(buffer.at(), bufferMarker('main'));
    const settings = { buffers: { main: { directory: buffer.at(), transfers: ['upload', 'ln'] } } };
    writeFileSync(join(buffer.dir, 'imports.json'), JSON.stringify(settings));
    return buffer;
  }

  at(...names: readonly string[]): string {
    return join(this.dir, 'buffer', ...names);
  }

  get settings(): NonNullable<ConsoleSettings['imports']> {
    return { file: join(this.dir, 'imports.json'), omeroDataDir: join(this.dir, 'OMERO') };
  }

  /** An order of alice, or the one that there is. */
  async order(register: Register, name: string): Promise<bigint> {
    const path = this.at('alice', name);
    const { id } = await register.imports.orders.order(
      {
        personId: people.alice,
        person: 'alice',
        groupId: lab,
        group: 'lab',
        source: Buffer.from(path),
        display: path,
        target: 'Dataset:5',
        transfer: 'upload',
        options: { name: 'Day <1>' },
        origin: 'console',
      },
      'alice',
    );
    return id;
  }

  /** Answers as the importer does; false if nothing was asked. */
  async answerPreview(register: Register, preview: Partial<ImportPreview> = {}): Promise<boolean> {
    const source = await register.imports.previews.take('importer', 60_000);
    if (!source) return false;
    const nothing = { files: 0, bytes: 0n, filesetCount: 0, filesets: [], refusedCount: 0, refused: [] };
    const answer = { preview: { ...nothing, ...preview }, code: null, reason: null };
    await register.imports.previews.answer(source, 'importer', answer);
    return true;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
