import { open, readdir, readFile, rename, rm, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '@coldroom/domain';

const setRecord = z.strictObject({
  /** SHA-256 over all that is sent: the server knows the set by it. */
  set: z.string().regex(/^[0-9a-f]{64}$/),
  /** See `keptPath`. */
  directory: z.string(),
  shown: z.string(),
  look: z.string(),
  person: z.string(),
  target: z.string(),
  group: z.string().optional(),
  transfer: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  files: z.int(),
  bytes: z.string(),
  manifest: z.string(),
  phase: z.enum(['sending', 'ordered', 'proven', 'removing', 'freed', 'failed']),
  /** Of the import. */
  order: z.string().nullable(),
  state: z.string().nullable(),
  /** What it waits for, or why it failed. */
  note: z.string().nullable(),
  provenAt: z.string().nullable(),
  /** How long after the proof the copy here stays, in milliseconds; null: it is kept. */
  removeAfterMs: z.number().nullable(),
});

/** What this workstation knows of a set that it sends. */
export type SetRecord = Readonly<z.output<typeof setRecord>>;

/** Not those of an agent that was killed. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** One file for each set, written as a whole or not at all: what the workstation knows after a reboot. */
export class Records {
  private constructor(private readonly directory: string) {}

  static async open(directory: string): Promise<Records> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory)) {
      const [, pid] = /^draft-(\d+)\.files$/.exec(name) ?? [];
      if (pid !== undefined && !isRunning(Number(pid))) await rm(join(directory, name), { force: true });
    }
    return new Records(directory);
  }

  manifestOf(set: string): string {
    return join(this.directory, `${set}.files`);
  }

  /** Where a manifest is written before the name of its set is known. */
  get draft(): string {
    return join(this.directory, `draft-${process.pid}.files`);
  }

  async keepDraft(set: string): Promise<void> {
    await rename(this.draft, this.manifestOf(set));
  }

  async dropDraft(): Promise<void> {
    await rm(this.draft, { force: true });
  }

  /** It is of no use once the copy is removed. */
  async dropManifest(set: string): Promise<void> {
    await rm(this.manifestOf(set), { force: true });
  }

  async save(record: SetRecord): Promise<void> {
    const path = join(this.directory, `${record.set}.json`);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(record, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }

  /** The set is forgotten: it was sent again under another name. */
  async forget(set: string): Promise<void> {
    await rm(join(this.directory, `${set}.json`), { force: true });
    await this.dropManifest(set);
  }

  async get(set: string): Promise<SetRecord | undefined> {
    return (await this.all()).find((record) => record.set === set);
  }

  async all(): Promise<readonly SetRecord[]> {
    const names = (await readdir(this.directory)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name)).toSorted();
    const texts = await Promise.all(names.map((name) => readFile(join(this.directory, name), 'utf8')));
    return texts.map((text) => setRecord.parse(JSON.parse(text)));
  }
}
