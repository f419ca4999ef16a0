import { RecordedCalls } from './recorded-calls';
import fs from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onCrashPoint, type CrashPoint } from '@coldroom/domain';
import type { Stage, StageResult } from '@coldroom/pipeline';
import type { Stores } from '@coldroom/stores';
import { Archive } from './archive';
import { openBelow } from './one-file';

const { existsSync, lstatSync, readFileSync, renameSync, writeFileSync } = fs; // the unrecorded versions

/**
 * An archive of one file at a time, `a`, with a record of the calls that a stage makes. `tree` is the managed
 * repository; `hold`, `online` and `fetching` are the bag's directories with the held original, with the recalled copy
 * and with what is being fetched for a recall. Names on disk that are the file's number are written as `1`.
 */
export class RecordedArchive {
  private id = 0n;
  private bag = '';
  private files = 0;
  private happening: { readonly crashPoint: CrashPoint; readonly act: () => void } | undefined;

  private constructor(
    readonly archive: Archive,
    private readonly top: string,
    readonly calls: RecordedCalls,
  ) {}

  static async create(name: string, options = { recallable: true }): Promise<RecordedArchive> {
    const archive = await Archive.create(name, options);
    const top = dirname(archive.bench.dataDir);
    return new RecordedArchive(archive, top, await RecordedCalls.start(top));
  }

  async close(): Promise<void> {
    onCrashPoint(undefined);
    this.calls.end();
    await this.archive.close();
  }

  /** Archives a new file; its original is held or released. */
  async archived({ held }: { readonly held: boolean }): Promise<bigint> {
    this.files += 1;
    const { id, bags } = await this.archive.of({ [this.name]: [{ path: this.name, content: 'content' }] }, { held });
    this.bag = bags[0] as string;
    this.id = (await this.file()).id;
    return id;
  }

  /** What the register records of the file. */
  file(): ReturnType<Archive['bench']['file']> {
    return this.archive.bench.file(this.name);
  }

  /** Removes the file and what was fetched for it, so that it does not affect the next one. */
  async putAside(): Promise<void> {
    await this.archive.sql(`UPDATE file SET state = 'abandoned', stuck_from = NULL; UPDATE bag SET state = 'done'`);
    await rm(join(this.top, 'recall/.fetching'), { recursive: true, force: true });
  }

  /** The path of such a name as `hold/1`. */
  at(name: string): string {
    const [directory, rest] = name.split('/') as [string, string];
    return join(
      this.top,
      this.directories[directory] as string,
      rest === 'a' ? this.name : rest.replace(/^1\b/, this.id.toString()),
    );
  }

  /** What is at a path: `link`, a file's content, or undefined. */
  found(name: string): string | undefined {
    const stats = lstatSync(this.at(name), { throwIfNoEntry: false });
    return stats?.isSymbolicLink() ? 'link' : stats && readFileSync(this.at(name), 'utf8');
  }

  /** Puts a file in place of whatever is there, as another process may. */
  put(name: string, content: string): void {
    writeFileSync(join(this.top, 'new'), content);
    renameSync(join(this.top, 'new'), this.at(name));
  }

  /** Has something happen at each occurrence of a step of the next run. */
  atStep(crashPoint: CrashPoint, act: () => void): void {
    this.happening = { crashPoint, act };
  }

  /** Runs a stage and returns its calls in order, with its steps, and `claim` for each check of the claim. */
  async run(
    stage: Stage,
    check: () => void = () => undefined,
  ): Promise<{ readonly calls: readonly string[]; readonly result: StageResult | Error }> {
    this.calls.made.length = 0;
    onCrashPoint((crashPoint) => {
      // those are the register's, after the stage
      if (!crashPoint.startsWith('transition:')) this.calls.note(crashPoint);
      if (crashPoint === this.happening?.crashPoint) this.happening.act();
    });
    const result = await this.archive.bench
      .run(stage, {
        check: () => {
          check();
          this.calls.note('claim');
        },
      })
      .catch((error: Error) => error);
    onCrashPoint(undefined);
    this.happening = undefined;
    return { calls: this.calls.made.map((line) => this.shown(line)), result };
  }

  /** What this process has open in the archive: nothing, once a stage has ended. */
  get open(): readonly string[] {
    return openBelow(this.top);
  }

  exists(name: string): boolean {
    return existsSync(this.at(name));
  }

  /** The stores, with something that happens between a store's answer and the stage's next line. */
  answering(act: () => Promise<void>): Stores {
    const { stores } = this.archive;
    const store = Object.create(stores.default, {
      stat: {
        value: async (...args: Parameters<typeof stores.default.stat>) => {
          const answer = await stores.default.stat(...args);
          await act();
          return answer;
        },
      },
    }) as typeof stores.default;
    return { ...stores, get: () => store };
  }

  private get name(): string {
    return `file-${this.files}`;
  }

  private get directories(): Readonly<Record<string, string>> {
    return {
      online: `recall/${this.bag}/data/ManagedRepository`,
      fetching: `recall/.fetching/${this.bag}`,
      hold: `omero/.coldroom/hold/${this.bag}`,
      tree: 'omero/ManagedRepository',
      store: `store/${this.bag}/data/ManagedRepository`,
    };
  }

  private shown(line: string): string {
    let shown = line;
    for (const [name, directory] of Object.entries(this.directories)) shown = shown.replaceAll(directory, name);
    return shown
      .replaceAll(this.bag, 'bag')
      .replaceAll(this.name, 'a')
      .replace(new RegExp(`/(\\.coldroom-)?${this.id}\\b`, 'g'), '/$11');
  }
}
