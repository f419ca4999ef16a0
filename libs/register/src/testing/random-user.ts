import { codeOf, workStates, type FileEvent, type WorkState } from '@coldroom/domain';
import type { RebuiltBag } from '../operator/rebuilt-bag';
import type { NewFile } from '../requests/drafts';
import type { freshRegister } from './fresh-register';
import { closure, draft, forward, identity, newFile, newImage, skipped, stage, transitionOf } from './sample-request';

/** The same numbers for the same seed. */
export function randomBy(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Place = Awaited<ReturnType<typeof freshRegister>>;
type Random = ReturnType<typeof randomBy>;
/** What may be refused because of what happened before, and changes nothing then. */
const refusals = ['CLAIM_LOST', 'BAG_BUSY', 'NO_SUCH_REQUEST', 'REQUEST_DECIDED', 'REQUEST_CHANGED', '23505'];

/** Someone who uses a register at random: scans, decides, works on bags, and does what people do to files. */
export class RandomUser {
  private made = 0;

  constructor(
    private readonly place: Place,
    private readonly random: Random,
    private readonly name: string,
  ) {}

  async act(): Promise<string> {
    const actions = [
      this.create,
      this.decide,
      this.decide,
      this.start,
      this.start,
      this.order,
      this.move,
      this.rebuild,
    ];
    // Most of what happens is work on bags
    const action = this.random(3) > 0 ? this.work : (actions[this.random(actions.length)] as () => Promise<string>);
    try {
      return await action.call(this);
    } catch (error) {
      if (!refusals.includes(codeOf(error))) throw error;
      return codeOf(error);
    }
  }

  private pick<T>(items: readonly T[]): T | undefined {
    return items[this.random(items.length)];
  }

  private file(fileset: string): NewFile {
    const path = `${fileset}/${this.random(6)}`; // some paths come twice
    const size = BigInt(this.random(3) > 0 ? this.random(1000) : 1 << 29);
    return newFile(
      fileset,
      path,
      this.random(6) > 0 ? { size } : { size, ...skipped(this.random(2) ? 'MISSING' : 'ODD') },
    );
  }

  private filesets(): string[] {
    return Array.from({ length: 1 + this.random(3) }, () => `Fileset:${this.random(15)}`);
  }

  private async create(): Promise<string> {
    const images = this.filesets().map((name) => newImage(BigInt(this.random(500)), name, this.random(2) > 0));
    const files = images.flatMap(({ fileset }) => Array.from({ length: 1 + this.random(5) }, () => this.file(fileset)));
    const { requests } = this.place.register;
    const open = this.pick(await requests.list({ states: ['New', 'Approved'] }));
    if (open && this.random(2)) await requests.refresh(open.id, closure(images, files), this.name);
    else await requests.create(draft, closure(images, files), this.name);
    return 'scan';
  }

  private async decide(): Promise<string> {
    const open = this.pick(await this.place.register.requests.list({ states: ['New'] }));
    if (!open) return 'nothing to decide';
    if (open.filesets > 1 && this.random(2)) {
      const [one] = await this.place.register.meaning.filesets(open.id, 1);
      if (!one) return 'nothing to split';
      await this.place.register.requests.approve(open.id, this.name, null, { filesets: [one.fileset] });
      return 'split';
    }
    if (this.random(5) > 0) await this.place.register.requests.approve(open.id, this.name);
    else await this.place.register.requests.decline(open.id, this.name, 'no');
    return 'decide';
  }

  private async start(): Promise<string> {
    const open = this.pick(await this.place.register.requests.list({ states: ['Approved'] }));
    if (!open) return 'nothing to start';
    await this.place.register.requests.start(
      open.id,
      this.pick(['main', 'tape'])!,
      (nr) => `r${open.id}-${nr}`,
      this.name,
    );
    return 'start';
  }

  private async work(): Promise<string> {
    const { rows } = await this.place.sql.query<{ id: string; state: WorkState }>(
      `SELECT id, state FROM bag WHERE state <> 'done' ORDER BY id`,
    );
    const underWay = rows.filter(({ state }) => state !== 'linked' && state !== 'recalled');
    const bag = this.pick(underWay.length > 0 && this.random(4) > 0 ? underWay : rows);
    const claim = bag && (await this.place.register.claims.claim(BigInt(bag.id), workStates, this.name, 60_000));
    if (!claim) return 'nothing to work on';
    const fails = this.random(8) === 0;
    const event = (): FileEvent => (fails && this.random(2) ? 'fail' : forward[claim.state]);
    const moved = claim.files.map((file) => transitionOf(file, event()));
    const switched = claim.state === 'moveSealed' && claim.movingTo !== null;
    // not always all files of a bag: a linker takes those whose filesets are complete
    const some = claim.state === 'sealed' && this.random(2) ? moved.slice(0, 1) : moved;
    try {
      await this.place.register.applyTransitions(claim, some, { ...stage, switched });
    } catch (error) {
      if (!/cannot be switched/.test((error as Error).message)) throw error;
    } finally {
      await this.place.register.claims.releaseClaim(claim);
    }
    return claim.state;
  }

  private async order(): Promise<string> {
    const { operator, retrievals } = this.place.register;
    const target = { kind: 'Fileset', names: this.filesets() } as const;
    const bagName = (nr: number): string => `${this.name}-again-${(this.made += 1)}-${nr}`;
    const orders = {
      undo: () => operator.undo(target, this.name),
      abandon: () => operator.abandon(target, this.name),
      retry: () => operator.retry(target, bagName, this.name),
      restore: () => retrievals.ask(target, { way: 'restore', days: 1 }, this.name),
      recall: () => retrievals.ask(target, { way: 'recall', days: 1 }, this.name),
      cancel: () => retrievals.cancel(target, this.name),
    };
    const name = this.pick(Object.keys(orders) as (keyof typeof orders)[])!;
    await orders[name]();
    return name;
  }

  private async move(): Promise<string> {
    const { rows } = await this.place.sql.query<{ id: string; store: string; moving_to: string | null }>(
      'SELECT id, store, moving_to FROM bag ORDER BY id',
    );
    const bag = this.pick(rows);
    if (!bag) return 'nothing to move';
    if (bag.moving_to && this.random(3) === 0) await this.place.register.moves.cancel([BigInt(bag.id)], this.name);
    else await this.place.register.moves.ask([BigInt(bag.id)], { from: bag.store, to: 'vault' }, this.name);
    return 'move';
  }

  /** Another bag may give way to this one. */
  private async rebuild(): Promise<string> {
    this.made += 1;
    const path = `rebuilt/${this.random(4)}`;
    const missing = this.random(2) ? { code: 'LINK_MISSING', reason: 'no link' } : { code: null, reason: null };
    const bag: RebuiltBag = {
      name: `${this.name}-${this.made}`,
      store: 'main',
      date: new Date(this.random(1_000_000)),
      requestNumber: BigInt(100_000 + this.random(2)),
      owner: 'ada',
      ownerId: 3n,
      group: 'Lab',
      groupId: 4n,
      requester: 'ada',
      requesterId: 3n,
      images: [{ imageId: BigInt(1000 + this.random(5)), fileset: 'Fileset:r' }],
      files: [
        {
          ...newFile('Fileset:r', path),
          ...{
            identity: identity(7n),
            digests: {},
            copyVersion: 'v',
            copyFault: null,
            state: 'released',
            heldAs: null,
          },
          ...missing,
        },
      ],
    };
    await this.place.register.rebuild.add(bag, this.name, true);
    return 'rebuild';
  }
}
