import type { WorkState } from '@coldroom/domain';
import type { Target } from '../operator/targets';
import { freshRegister } from '../testing/fresh-register';
import {
  brought,
  broughtBack,
  claimed,
  transitionOf,
  passed,
  running,
  stage,
  statesOf,
} from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const GiB = 1n << 30n;
const restore = { way: 'restore', days: 0 } as const;
const whole = (...ids: readonly bigint[]): Target => ({ kind: 'Request', ids });
const fileset = (name: string): Target => ({ kind: 'Fileset', names: [name] });
const ask = (target: Target, order: Parameters<typeof place.register.retrievals.ask>[1] = restore, by = 'boss') =>
  place.register.retrievals.ask(target, order, by);

async function archived(
  filesets: Readonly<Record<string, readonly bigint[]>>,
  until: 'linked' | 'released' = 'released',
): Promise<{ readonly id: bigint; readonly bags: readonly bigint[] }> {
  const id = await running(place.register, filesets);
  const { rows } = await place.sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1 ORDER BY id', [id]);
  const bags = rows.map((row) => BigInt(row.id));
  for (const bag of bags) await brought(place.register, bag, 'sealed');
  for (const bag of bags) await passed(place.register, bag, 'sealed');
  if (until === 'released') for (const bag of bags) await passed(place.register, bag, 'linked');
  return { id, bags };
}

async function placed(bag: bigint, to: 'restored' | 'recalled' = 'restored'): Promise<void> {
  const claim = await claimed(place.register, bag, 'fetchVerified');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({ id: file.id, event: 'place', from: 'fetchVerified', to })),
    stage,
  );
}

async function stick(bag: bigint, state: WorkState): Promise<void> {
  const claim = await claimed(place.register, bag, state);
  await place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'fail')], stage);
}

/** The events of retrievals, oldest first. */
async function told(id: bigint): Promise<unknown[]> {
  const events = await place.register.reports.events({ requestId: id }, 1000);
  return events
    .filter(({ what }) => what.startsWith('retrieval'))
    .reverse()
    .map(({ what, detail }) => [what, detail]);
}
const whats = async (id: bigint): Promise<unknown[]> => (await told(id)).map((each) => (each as [string])[0]);

describe('a retrieval', () => {
  it('is recorded once when requested and once when all is there, with who, what and how much', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB], 'Fileset:2': [1n, 2n] });
    await ask(whole(id));
    await ask(whole(id)); // changes nothing
    const what = { way: 'restore', files: 4, bytes: Number(2n * GiB) + 3, filesets: 2, images: 2 };
    expect(await told(id)).toEqual([['retrieval asked', what]]);
    for (const bag of bags) await broughtBack(place.register, bag, 'fetchVerified');
    for (const bag of bags) {
      expect(await whats(id)).toEqual(['retrieval asked']);
      await placed(bag);
    }
    expect(await told(id)).toEqual([
      ['retrieval asked', what],
      ['retrieval done', { ...what, by: 'boss', asked: expect.stringMatching(/^20\d\d-/) }],
    ]);
    expect(await place.register.requests.get(id)).toMatchObject({ requester: 'ada' });
  });

  it('is recorded for a recall with its days, and not again when its time is over', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] }, 'linked');
    await ask(whole(id), { way: 'recall', days: 3 });
    await broughtBack(place.register, bag!, 'fetchVerified');
    await placed(bag!, 'recalled');
    await ask(whole(id), { way: 'recall', days: 9 }); // prolongs
    await stick(bag!, 'recalled');
    await place.register.operator.retry(whole(id), () => 'none', 'boss');
    await passed(place.register, bag!, 'recalled');
    expect(await statesOf(place.register, id)).toEqual(['linked']);
    await place.register.operator.undo(whole(id), 'boss');
    await passed(place.register, bag!, 'undoing');
    expect(await statesOf(place.register, id)).toEqual(['undone']);
    expect(await told(id)).toEqual([
      ['retrieval asked', expect.objectContaining({ way: 'recall', days: 3, files: 1 })],
      ['retrieval done', expect.objectContaining({ way: 'recall', days: 3, by: 'boss', files: 1 })],
    ]);
  });

  it('is recorded for what was held, too', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n, 1n] }, 'linked');
    await ask(whole(id));
    await passed(place.register, bag!, 'undoing');
    expect(await told(id)).toEqual([
      ['retrieval asked', expect.objectContaining({ files: 2 })],
      ['retrieval done', expect.objectContaining({ way: 'restore', files: 2, by: 'boss' })],
    ]);
  });

  it('is not recorded for an undo that was not requested as a restore', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] }, 'linked');
    await place.register.operator.undo(whole(id), 'boss');
    await passed(place.register, bag!, 'undoing');
    expect(await told(id)).toEqual([]);
  });

  it('is recorded as ended where what is in progress is undone instead', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] }, 'linked');
    await ask(whole(id), { way: 'recall', days: 3 });
    await place.register.retrievals.cancel(whole(id), 'boss');
    await ask(whole(id));
    expect(await statesOf(place.register, id)).toEqual(['retrieving']);
    await place.register.operator.undo(whole(id), 'boss');
    await passed(place.register, bag!, 'undoing');
    expect(await whats(id)).toEqual(['retrieval asked', 'retrieval asked', 'retrieval done']);
  });

  it('is recorded for each order, and for each request', async () => {
    const [one, other] = [
      await archived({ 'Fileset:1': [1n], 'Fileset:2': [1n] }),
      await archived({ 'Fileset:3': [1n] }),
    ];
    await ask(fileset('Fileset:1'), restore, 'ada');
    await ask(whole(one.id, other.id));
    for (const {
      bags: [bag],
    } of [one, other])
      await broughtBack(place.register, bag!, 'fetchVerified');
    for (const {
      bags: [bag],
    } of [one, other])
      await placed(bag!);
    const done = (by: string) => ['retrieval done', expect.objectContaining({ by, files: 1 })];
    expect((await told(one.id)).slice(2)).toEqual([done('ada'), done('boss')]);
    expect((await told(other.id)).slice(1)).toEqual([done('boss')]);
  });

  it('is recorded once where two workers place its last files together', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB, GiB, GiB] });
    await ask(whole(id));
    for (const bag of bags) await broughtBack(place.register, bag, 'fetchVerified');
    await Promise.all(bags.map((bag) => placed(bag)));
    expect(await whats(id)).toEqual(['retrieval asked', 'retrieval done']);
  });
});

describe('a retrieval on which a file got stuck', () => {
  /** One file stuck, the other of its fileset proven, and another fileset that is retrieved. */
  async function blocked(): Promise<{ readonly id: bigint; readonly bags: readonly bigint[] }> {
    const made = await archived({ 'Fileset:1': [GiB, GiB], 'Fileset:2': [GiB] });
    await ask(whole(made.id));
    await stick(made.bags[0]!, 'retrieving');
    for (const bag of made.bags.slice(1)) await broughtBack(place.register, bag, 'fetchVerified');
    expect(await whats(made.id)).toEqual(['retrieval asked']); // a fileset is still being retrieved
    await placed(made.bags[2]!);
    expect(await told(made.id)).toEqual([
      expect.anything(),
      [
        'retrieval blocked',
        expect.objectContaining({ way: 'restore', by: 'boss', files: 3, stuck: 1, waiting: 1, codes: ['TROUBLE'] }),
      ],
    ]);
    return made;
  }

  it('is recorded as blocked when nothing continues by itself, and as done after a retry', async () => {
    const { id, bags } = await blocked();
    await place.register.operator.retry(whole(id), () => 'none', 'boss');
    await broughtBack(place.register, bags[0]!, 'fetchVerified');
    for (const bag of bags.slice(0, 2)) await placed(bag);
    expect(await whats(id)).toEqual(['retrieval asked', 'retrieval blocked', 'retrieval done']);
  });

  it('is recorded as blocked when the last of the others is proven, as then all wait', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB] });
    await ask(whole(id));
    await stick(bags[0]!, 'retrieving');
    await broughtBack(place.register, bags[1]!, 'fetched');
    expect(await whats(id)).toEqual(['retrieval asked']);
    await passed(place.register, bags[1]!, 'fetched');
    expect(await whats(id)).toEqual(['retrieval asked', 'retrieval blocked']);
  });

  it('is done when the rest is given up, with what came back; if nothing did, none is recorded', async () => {
    const { id } = await blocked();
    await place.register.retrievals.cancel(fileset('Fileset:1'), 'boss');
    expect((await told(id)).slice(2)).toEqual([
      ['retrieval done', expect.objectContaining({ files: 1, filesets: 1, images: 1 })],
    ]);
    const other = await archived({ 'Fileset:9': [1n] });
    await ask(whole(other.id));
    await place.register.retrievals.cancel(whole(other.id), 'boss');
    expect(await whats(other.id)).toEqual(['retrieval asked']);
  });

  it('keeps its events where a stuck original that was held is undone', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] }, 'linked');
    await ask(whole(id));
    await stick(bag!, 'undoing');
    await place.register.operator.undo(whole(id), 'boss');
    await passed(place.register, bag!, 'undoing');
    expect(await whats(id)).toEqual(['retrieval asked', 'retrieval blocked', 'retrieval done']);
  });
});
