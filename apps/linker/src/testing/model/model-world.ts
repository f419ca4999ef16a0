import { randomBytes } from 'node:crypto';
import { lstat, readFile, readlink, rename, unlink, writeFile } from 'node:fs/promises';
import { codeOf, onCrashPoint, type CrashPoint } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import { Runner, type Stage } from '@coldroom/pipeline';
import { plainMoves, plainRetrievals, plainStages, RecordedLog, workWith } from '@coldroom/pipeline/testing';
import { Staging } from '@coldroom/trees';
import { Archive } from '../archive';

/** What a file in OMERO's tree must read as. */
export interface Known {
  readonly at: Buffer;
  content: Buffer;
  /** A person took the link away: there is nothing, or what was there. */
  removed: boolean;
}

const busy = ['BAG_BUSY', 'CLAIM_LOST'];

/** A register, two stores and a tree, the stages of all services, and what a person knows about the files. */
export class ModelWorld {
  readonly known: Known[] = [];
  readonly requests: bigint[] = [];
  readonly stages: readonly Stage[];
  private readonly runner: Runner;
  private readonly log = new RecordedLog();
  private made = 0;

  private constructor(
    readonly archive: Archive,
    /** Links lead into a recall directory; there is one store then. */
    readonly recallable: boolean,
  ) {
    this.stages = [...this.stagesOfOthers(), ...this.stagesOfLinker()];
    this.runner = new Runner(archive.bench.register, async () => undefined, this.log, {
      worker: 'model',
      leaseMs: 60_000,
      attempts: 10,
      retryPauseMs: 1,
      waitLimitMs: 86_400_000,
      errorLimit: 1_000_000,
    });
  }

  static async create(name: string, recallable: boolean): Promise<ModelWorld> {
    return new ModelWorld(await Archive.create(name, { recallable }), recallable);
  }

  close(): Promise<void> {
    return this.archive.close();
  }

  get register() {
    return this.archive.bench.register;
  }

  async newRequest(filesets: readonly (readonly number[])[]): Promise<void> {
    const plan = filesets.map((sizes) => {
      this.made += 1;
      const fileset = this.made;
      return [
        `Fileset:${fileset}`,
        sizes.map((size, nr) => ({ path: `set-${fileset}/file-${nr}`, content: randomBytes(size) })),
      ] as const;
    });
    this.requests.push(await this.archive.bench.request(Object.fromEntries(plan)));
    for (const { path, content } of plan.flatMap(([, files]) => files))
      this.known.push({ at: this.archive.bench.at(path), content, removed: false });
  }

  /** The services do one step: time has passed, so nothing is waited for. */
  async work(pick: number): Promise<void> {
    const due = await this.due(pick);
    if (due) await this.runner.run(due.stage, due.bagId);
  }

  /** The services work until no bag of those that are due moves. */
  async comeToRest(): Promise<void> {
    for (let [steps, still] = [0, 0]; still <= (await this.archive.bench.due()).length * 2; steps += 1) {
      if (steps > 5000) throw new Error('the services never come to rest');
      const moved = this.log.of('bag moved').length;
      await this.work(steps);
      still = this.log.of('bag moved').length === moved ? still + 1 : 0;
    }
  }

  /** A service is killed at the `at`th step that it reports; nothing of it happens after that. */
  async kill(pick: number, at: number): Promise<void> {
    const due = await this.due(pick);
    const claim = due && (await this.register.claims.claim(due.bagId, [due.stage.takes], 'killed', 60_000));
    if (!due || !claim) return;
    const died = new Error('killed');
    let left = at;
    const check = (): void => {
      if (left < 0) throw died;
    };
    onCrashPoint((_name: CrashPoint) => {
      left -= 1;
      check();
    });
    try {
      const { transitions } = await due.stage.run(claim, workWith({ check }));
      if (transitions.length > 0)
        await this.register.applyTransitions(claim, transitions, { stage: due.stage.name, errorLimit: 1_000_000 });
    } catch (error) {
      if (error !== died && !isExpected(error)) throw error;
    } finally {
      onCrashPoint(undefined);
      await this.register.claims.releaseClaim(claim);
    }
  }

  /** A worker does its work, is not heard of until another one has done it, too, and then records it. */
  async late(pick: number): Promise<void> {
    const due = await this.due(pick);
    const claim = due && (await this.register.claims.claim(due.bagId, [due.stage.takes], 'late', 60_000));
    if (!due || !claim) return;
    const result = await due.stage.run(claim, workWith({})).catch((error: unknown) => {
      if (!isExpected(error)) throw error;
      return undefined;
    });
    await this.archive.sql(`UPDATE bag SET lease_until = now() - interval '1 s' WHERE id = ${due.bagId}`);
    await this.runner.run(due.stage, due.bagId);
    if (!result || result.transitions.length === 0) return;
    const recorded = await this.register
      .applyTransitions(claim, result.transitions, { stage: due.stage.name, errorLimit: 1_000_000 })
      .then(() => 'recorded', codeOf);
    if (recorded !== 'CLAIM_LOST') throw new Error(`a worker without a claim was answered ${recorded}`);
  }

  /** What a person does may be refused, as a bag is busy or a file is not in that state. */
  async byPerson(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  }

  /** Someone writes into a file; through a link that would be the copy, which is protected. */
  async rewrite(file: Known): Promise<void> {
    if (!(await lookAt(file.at))?.isFile()) return;
    file.content = randomBytes(file.content.length || 1);
    await writeFile(file.at, file.content);
  }

  /** Someone puts another file in the place of the file or link. */
  async replace(file: Known): Promise<void> {
    file.content = randomBytes(file.content.length);
    file.removed = false;
    const beside = Buffer.concat([file.at, Buffer.from('.new')]);
    await writeFile(beside, file.content);
    await rename(beside, file.at);
  }

  async removeLink(file: Known): Promise<void> {
    if (!(await lookAt(file.at))?.isSymbolicLink()) return;
    await unlink(file.at);
    file.removed = true;
  }

  async mount(store: 'main' | 'other', mounted: boolean): Promise<void> {
    const { storeDir, otherDir } = this.archive.bench;
    const marker = `${store === 'main' ? storeDir : otherDir}/${markerName}`;
    const [from, to] = mounted ? [`${marker}-away`, marker] : [marker, `${marker}-away`];
    await rename(from, to).catch(undefinedIfGone); // as it was
  }

  async timePasses(): Promise<void> {
    await this.archive.sql('UPDATE bag SET not_before = now(), lease_until = NULL');
    await this.archive.sql('UPDATE file SET online_until = now() WHERE online_until IS NOT NULL');
  }

  /** The files that do not read as they must. */
  async wrong(): Promise<readonly string[]> {
    const found = await Promise.all(
      this.known.map(async ({ at, content, removed }) => {
        const read = await this.read(at).catch(codeOf);
        const right = Buffer.isBuffer(read) ? read.equals(content) : removed && read === 'ENOENT';
        return right ? [] : [`${at.toString()}: ${Buffer.isBuffer(read) ? 'other content' : read}`];
      }),
    );
    return found.flat();
  }

  /** What is offline is read where the store has it. */
  private async read(at: Buffer): Promise<Buffer> {
    try {
      return await readFile(at);
    } catch (error) {
      const { recallRoot } = this.archive.stores.default;
      if (codeOf(error) !== 'ENOENT' || recallRoot === undefined) throw error;
      return readFile((await readlink(at)).replace(recallRoot, this.archive.bench.storeDir));
    }
  }

  private async due(pick: number): Promise<{ readonly stage: Stage; readonly bagId: bigint } | undefined> {
    await this.archive.sql('UPDATE bag SET not_before = now() WHERE not_before > now()');
    const due = await this.archive.bench.due();
    const bag = due[pick % due.length];
    const stages = this.stages.filter((stage) => stage.takes === bag?.state);
    return bag && { stage: stages[pick % stages.length]!, bagId: bag.bagId };
  }

  private stagesOfLinker(): readonly Stage[] {
    const { archive } = this;
    return [archive.link, archive.release(), archive.undo, archive.place, archive.expire, archive.moveLink];
  }

  /** Those of the other services, without their checks; each on the store of the bag. */
  private stagesOfOthers(): readonly Stage[] {
    const { files, originals, holds } = this.archive.bench;
    const { stores } = this.archive;
    const staging = new Staging(originals, holds);
    const onStoreOf = (make: (store: string) => readonly Stage[]): readonly Stage[] =>
      make('main').map((stage, at) => ({ ...stage, run: (claim, work) => make(claim.store)[at]!.run(claim, work) }));
    return [
      ...onStoreOf((store) => plainStages(files, originals, stores.get(store))),
      ...onStoreOf((store) => plainRetrievals(files, staging, stores.get(store))),
      ...plainMoves(files, staging, stores),
    ];
  }
}

const lookAt = (path: Buffer) => lstat(path).catch(undefinedIfGone);

function undefinedIfGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
  return undefined;
}

/** Coldroom's own errors are answers; all others are faults. */
function isExpected(error: unknown): boolean {
  return busy.includes(codeOf(error)) || (error instanceof Error && 'kind' in error);
}
