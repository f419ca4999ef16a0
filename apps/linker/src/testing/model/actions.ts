import fc from 'fast-check';
import type { ModelWorld } from './model-world';

/** One thing that happens, on what `pick` leads to. */
export interface Action {
  readonly what: string;
  readonly pick: number;
  readonly at: number;
}

type Happening = (world: ModelWorld, pick: number, at: number) => Promise<unknown> | undefined;

const bagNames = (nr: number): string => `again-${Date.now()}-${Math.random()}-${nr}`;
const request = (world: ModelWorld, pick: number) =>
  ({ kind: 'Request', ids: [world.requests[pick % world.requests.length] ?? 0n] }) as const;
const by = 'a person';

/** How often each happens, among all. */
const happenings: Readonly<Record<string, readonly [weight: number, Happening]>> = {
  'the services work': [60, (world, pick) => world.work(pick)],
  'a service is killed': [12, (world, pick, at) => world.kill(pick, at)],
  'a worker is late': [3, (world, pick) => world.late(pick)],
  'time passes': [4, (world) => world.timePasses()],
  'a request is approved': [4, (world, pick, at) => world.newRequest([[pick % 5000, at], ...(at % 2 ? [[1]] : [])])],
  'a restore is requested': [5, (world, pick) => ask(world, pick, 'restore')],
  'a recall is requested': [5, (world, pick) => (world.recallable ? ask(world, pick, 'recall') : undefined)],
  'a retrieval is cancelled': [
    2,
    (world, pick) => world.byPerson(() => world.register.retrievals.cancel(request(world, pick), by)),
  ],
  'a request is undone': [
    3,
    (world, pick) => world.byPerson(() => world.register.operator.undo(request(world, pick), by)),
  ],
  'stuck files are retried': [
    4,
    (world, pick) => world.byPerson(() => world.register.operator.retry(request(world, pick), bagNames, by)),
  ],
  'stuck files are abandoned': [
    1,
    (world, pick) => world.byPerson(() => world.register.operator.abandon(request(world, pick), by)),
  ],
  'bags move to the other store': [6, (world, pick) => move(world, pick, 'main', 'other')],
  'bags move back': [4, (world, pick) => move(world, pick, 'other', 'main')],
  'a move is cancelled': [2, (world, pick) => cancelMove(world, pick)],
  'all is stopped': [1, (world) => world.byPerson(() => world.register.switches.stop('all', 'a test', by))],
  'work resumes': [3, (world) => world.byPerson(() => world.register.switches.resume(undefined, by))],
  'a store is unmounted': [1, (world, pick) => world.mount(pick % 2 ? 'main' : 'other', false)],
  'stores are mounted': [
    3,
    async (world) => {
      await world.mount('main', true);
      await world.mount('other', true);
    },
  ],
  'someone writes into a file': [4, (world, pick) => onFile(world, pick, (file) => world.rewrite(file))],
  'someone replaces a file': [2, (world, pick) => onFile(world, pick, (file) => world.replace(file))],
  'someone removes a link': [2, (world, pick) => onFile(world, pick, (file) => world.removeLink(file))],
};

export const anAction: fc.Arbitrary<Action> = fc.record({
  what: fc.oneof(...Object.entries(happenings).map(([what, [weight]]) => ({ weight, arbitrary: fc.constant(what) }))),
  pick: fc.nat(10_000),
  at: fc.nat(8),
});

export async function carryOut(world: ModelWorld, { what, pick, at }: Action): Promise<void> {
  await happenings[what]![1](world, pick, at);
}

/** Mostly on one of the newest files, which are being worked on. */
async function onFile(
  world: ModelWorld,
  pick: number,
  act: (file: ModelWorld['known'][number]) => Promise<void>,
): Promise<void> {
  const file = pick % 4 === 0 ? world.known[pick % world.known.length] : world.known.at(-1 - (pick % 5));
  if (file) await act(file);
}

async function ask(world: ModelWorld, pick: number, way: 'restore' | 'recall'): Promise<void> {
  await world.byPerson(() => world.register.retrievals.ask(request(world, pick), { way, days: 1 }, by));
}

async function move(world: ModelWorld, pick: number, from: string, to: string): Promise<void> {
  if (world.recallable) return;
  await world.byPerson(async () => {
    const bags = await world.register.moves.plan(from, request(world, pick), to);
    await world.register.moves.ask(
      bags.map(({ id }) => id),
      { from, to },
      by,
    );
  });
}

async function cancelMove(world: ModelWorld, pick: number): Promise<void> {
  await world.byPerson(async () => {
    const bags = await world.register.moves.plan(pick % 2 ? 'main' : 'other', request(world, pick));
    await world.register.moves.cancel(
      bags.map(({ id }) => id),
      by,
    );
  });
}
