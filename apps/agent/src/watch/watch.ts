import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import type { Agent } from '../agent';
import { freeSet } from '../free/free-set';
import { keptPath, shown } from '../local-path';
import { follow } from '../set/follow';
import { prepare, type SetWish } from '../set/prepare';
import type { SetRecord } from '../set/records';
import { sendSet } from '../set/send-set';
import { filesOf, lookOf } from '../set/walk';
import type { AgentSettings, WatchedDirectory } from '../settings';
import { isUnfinished, setsIn, wishOf } from './find-sets';

/** Before a set is read again that could not be read. */
const pauseMs = 600_000;

/** Sends what is complete in the watched directories, until it is stopped. */
export class Watch {
  /** How each set looked last, and since when. Lost with the process: then a set is looked at for the whole time again. */
  private readonly looks = new Map<string, { readonly look: string; readonly since: number }>();
  private readonly said = new Map<string, string>();

  constructor(
    private readonly agent: Agent,
    private readonly settings: Pick<AgentSettings, 'watch' | 'every'>,
  ) {}

  async run(): Promise<void> {
    const { signal } = this.agent;
    while (!signal.aborted) {
      await this.round();
      await sleep(this.settings.every, undefined, { signal }).catch(() => undefined); // it was stopped
    }
  }

  async round(): Promise<void> {
    for (const record of await this.agent.records.all()) await this.attempt(record.shown, () => this.goOn(record));
    for (const rule of this.settings.watch) await this.attempt(rule.directory, () => this.look(rule));
  }

  /** A fault of one set does not keep the others from being sent; it is said once. */
  private async attempt(what: string, act: () => Promise<void>): Promise<void> {
    const { signal, say } = this.agent;
    if (signal.aborted) return;
    try {
      await act();
      this.said.delete(what);
    } catch (error) {
      if (signal.aborted) return;
      const line = `${what}: ${codeOf(error)}: ${messageOf(error)}`;
      if (this.said.get(what) !== line) say(line);
      this.said.set(what, line);
    }
  }

  private async goOn(record: SetRecord): Promise<void> {
    let now = record;
    if (now.phase === 'sending') now = await sendSet(this.agent, now);
    if (now.phase === 'ordered') now = await follow(this.agent, now);
    const isDue =
      now.removeAfterMs !== null && now.provenAt !== null && Date.now() - Date.parse(now.provenAt) >= now.removeAfterMs;
    if (now.phase === 'removing' || (now.phase === 'proven' && isDue)) await freeSet(this.agent, now);
  }

  private async look(rule: WatchedDirectory): Promise<void> {
    const records = await this.agent.records.all();
    for await (const found of setsIn(rule)) {
      const path = keptPath(found.directory);
      const known = records.find((record) => record.directory === path && record.phase !== 'freed');
      await this.attempt(shown(found.directory), () => this.one(wishOf(found, rule), rule.settle, known));
    }
  }

  private async one(wish: SetWish, settleMs: number, known: SetRecord | undefined): Promise<void> {
    const path = keptPath(wish.directory);
    const { look, files } = await lookOf(wish.directory);
    if (known) {
      if (known.look !== look && known.phase !== 'removing' && files > 0)
        this.sayOnce(
          path,
          `${known.shown} changed after it was sent, and is left alone: put new files into a directory of their own`,
        );
      return;
    }
    const last = this.looks.get(path);
    if (last?.look !== look) this.looks.set(path, { look, since: Date.now() });
    else if (files > 0 && Date.now() - last.since >= settleMs && !(await hasUnfinished(wish))) {
      this.agent.say(`sends ${shown(wish.directory)} for ${wish.person}`);
      const record = await prepare(this.agent, wish).catch((error: unknown) => {
        // Only a change of the set makes it worth another read at once.
        const isFinal = error instanceof Refused && error.code !== 'SET_CHANGED';
        this.looks.set(path, { look, since: isFinal ? Infinity : Date.now() + pauseMs });
        throw error;
      });
      this.looks.delete(path);
      await this.goOn(record);
    }
  }

  private sayOnce(what: string, line: string): void {
    if (this.said.get(what) !== line) this.agent.say(line);
    this.said.set(what, line);
  }
}

async function hasUnfinished({ directory }: SetWish): Promise<boolean> {
  for await (const { path } of filesOf(directory)) if (isUnfinished(path)) return true;
  return false;
}
