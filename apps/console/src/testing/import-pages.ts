import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { bufferMarker } from '@coldroom/buffers';
import type { ImportState } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import type { ImportPreview, Register } from '@coldroom/register';
import type { ConsoleSettings } from '../console-settings';
import { groups } from './sample-people';
import { people, type RunningConsole } from './running-console';

const directories: Readonly<Record<string, readonly string[]>> = {
  '2026-11-24 beads': ['beads_01.czi', 'notes.txt'],
  '2026-11-27 mitosis': ['cell_01.czi', 'cell_02.czi', 'cell_03.czi', 'protocol.docx'],
  '2026-11-30 embryo': ['embryo_t1.lif', 'embryo_t2.lif'],
};

/** A buffer of alice with a few directories, and orders in several states. For pictures. */
export class ImportPages {
  private constructor(private readonly dir: string) {}

  static async make(): Promise<ImportPages> {
    const pages = new ImportPages(mkdtempSync(join(tmpdir(), 'coldroom-pictures-')));
    for (const [name, files] of Object.entries(directories))
      for (const file of files) {
        const path = pages.at('alice', name, file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, file);
      }
    await writeMarker(pages.at(), bufferMarker('main'));
    const main = { directory: pages.at(), transfers: ['ln', 'upload'] };
    writeFileSync(join(pages.dir, 'imports.json'), JSON.stringify({ buffers: { main } }));
    return pages;
  }

  get settings(): NonNullable<ConsoleSettings['imports']> {
    return { file: join(this.dir, 'imports.json'), omeroDataDir: join(this.dir, 'OMERO') };
  }

  /** What pictures show instead of the path that the buffer has here. */
  get path(): string {
    return this.at();
  }

  /** Pages of alice, by what is on them. */
  async fill({ register, settings }: RunningConsole): Promise<Readonly<Record<string, string>>> {
    const client = new Client({ connectionString: settings.registerUrl, options: '-c search_path=coldroom' });
    await client.connect();
    try {
      const done = await this.order(client, register, '2026-11-24 beads', 'done', 140);
      const running = await this.order(client, register, '2026-11-27 mitosis', 'importing', 1);
      const stuck = await this.order(client, register, '2026-11-20 drift', 'stuck', 240);
      await this.order(client, register, '2026-11-30 embryo', 'ordered', 0);
      await register.imports.previews.ask(Buffer.from(this.at('alice', '2026-11-27 mitosis')), 0);
      const source = await register.imports.previews.take('importer', 60_000);
      await register.imports.previews.answer(source!, 'importer', { preview, code: null, reason: null });
      return {
        imports: 'imports',
        'import done': `imports/${done}`,
        'import running': `imports/${running}`,
        'import stuck': `imports/${stuck}`,
        'import choose': `imports/new?in=${encodeURIComponent(this.at('alice'))}`,
        'import form': `imports/new?path=${encodeURIComponent(this.at('alice', '2026-11-27 mitosis'))}`,
      };
    } finally {
      await client.end();
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }

  private at(...names: readonly string[]): string {
    return join(this.dir, 'buffer', ...names);
  }

  private async order(client: Client, register: Register, name: string, state: ImportState, hours: number) {
    const source = this.at('alice', name);
    const { id } = await register.imports.orders.order(
      {
        personId: people.alice,
        person: 'alice',
        groupId: groups.biology,
        group: 'Cell Biology',
        source: Buffer.from(source),
        display: source,
        target: `Dataset:name:${name.slice(11)}`,
        transfer: 'ln',
        options: {},
        origin: 'console',
      },
      'alice',
    );
    if (state === 'ordered') return id;
    const isStuck = state === 'stuck';
    await client.query(
      `UPDATE import_order SET state = $2, stuck_from = $3, code = $4, reason = $5, content = $6, files = 4, bytes = $7, lock = 'links',
         proven_at = CASE WHEN $2 = 'done' THEN now() END, ordered_at = now() - $8 * interval '1 hour' WHERE id = $1`,
      [
        ...[id, state, isStuck ? 'importing' : null, isStuck ? 'IMPORT_INCOMPLETE' : null],
        isStuck ? 'OMERO has Fileset:4711 without an image. Delete it in OMERO, and try again.' : null,
        ...['0'.repeat(64), String(38n << 30n), hours],
      ],
    );
    for (const [at, filesetId] of [4710n + id * 10n, 4711n + id * 10n, null].entries())
      await client.query(
        `INSERT INTO import_fileset (order_id, number, reader, fileset_id, images, opened) VALUES ($1, $2, 'loci.formats.in.ZeissCZIReader', $3, $4, '')`,
        [
          id,
          at + 1,
          state === 'done' ? 4800n + id * 10n + BigInt(at) : filesetId,
          state === 'done' || filesetId ? 2 : null,
        ],
      );
    for (let at = 1; at <= 4; at += 1)
      await client.query(
        `INSERT INTO import_file (order_id, fileset, path, display, size, identity) VALUES ($1, $2, $3, $4, 1, '')`,
        [id, at === 4 ? null : at, Buffer.from(`f${at}`), at === 4 ? 'protocol.docx' : `cell_0${at}.czi`],
      );
    if (state !== 'importing')
      await client.query(
        `INSERT INTO import_attempt (order_id, number, session_id, worker, closed_at, judged_at, exit_code, last_lines) VALUES ($1, 1, $1, 'importer', now(), now(), $2, $3)`,
        [id, isStuck ? 2 : 0, isStuck ? failure : success],
      );
    return id;
  }
}

const preview: ImportPreview = {
  files: 4,
  bytes: 38n << 30n,
  filesetCount: 3,
  filesets: [1, 2, 3].map((at) => ({ reader: 'ZeissCZIReader', files: 1, name: `cell_0${at}.czi` })),
  refusedCount: 1,
  refused: [{ name: 'protocol.docx', code: 'IMPORT_LEFT_OUT' }],
};

const success = '==> Summary\n3 files uploaded, 3 filesets, 6 images imported, 0 errors in 0:04:12.331';
const failure = `2026-11-20 10:12:03,117 INFO  [2-thread-1] formats.importer.ImportLibrary - FILE_UPLOAD_COMPLETE: cell_02.czi
2026-11-20 10:12:05,802 ERROR [2-thread-1] formats.importer.ImportLibrary - Error on import
java.lang.RuntimeException: Failure response on import!
  Category: ::omero::grid::ImportRequest
  message=No space left on device
==> Summary
2 files uploaded, 1 fileset, 2 images imported, 1 error in 0:02:40.004`;
