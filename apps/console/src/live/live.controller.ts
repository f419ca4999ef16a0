import { Controller, HttpException, Inject, Query, Sse, type MessageEvent } from '@nestjs/common';
import { finalize, interval, map, merge, takeUntil, timer, type Observable } from 'rxjs';
import { visibleRequest, type Reviewer } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { CONSOLE, type ConsoleSettings } from '../console-settings';
import { parseId } from '../requests/input';
import { CurrentVisitor } from '../sign-in/actor.guard';
import type { Visitor } from '../sign-in/visitors';
import { Changes } from './changes';

/** Proxies close a connection on which nothing is sent for a minute. */
const aliveMs = 20_000;
/** A browser then connects again: whoever was signed out or lost a role is noticed. */
const longestMs = 15 * 60_000;
/** Open pages of one person, and of all. */
const mostOfOne = 30;
const most = 2000;

/** Tells an open page that what it shows has changed; the page then reads itself again. Carries no data of its own. */
@Controller('live')
export class LiveController {
  private readonly open = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly changes: Changes,
    private readonly register: Register,
    @Inject(CONSOLE) private readonly settings: ConsoleSettings,
  ) {}

  @Sse()
  async follow(@CurrentVisitor() visitor: Visitor, @Query('request') id?: string): Promise<Observable<MessageEvent>> {
    const requestId = id === undefined ? undefined : parseId(id);
    if (requestId !== undefined) await visibleRequest(this.reviewer(visitor), requestId);
    this.enter(visitor.actor.name);
    const versions = this.changes.of(requestId).pipe(map((version) => ({ type: 'version', data: version.toString() })));
    const alive = interval(aliveMs).pipe(map(() => ({ type: 'alive', data: '' })));
    return merge(versions, alive).pipe(
      takeUntil(timer(longestMs)),
      finalize(() => this.leave(visitor.actor.name)),
    );
  }

  private reviewer({ actor }: Visitor): Reviewer {
    return { register: this.register, actor, policy: this.settings.policy };
  }

  private enter(name: string): void {
    const own = this.open.get(name) ?? 0;
    if (own >= mostOfOne || this.total >= most) throw new HttpException('Too many pages are open at once.', 429);
    this.open.set(name, own + 1);
    this.total += 1;
  }

  private leave(name: string): void {
    const own = (this.open.get(name) ?? 1) - 1;
    if (own > 0) this.open.set(name, own);
    else this.open.delete(name);
    this.total -= 1;
  }
}
