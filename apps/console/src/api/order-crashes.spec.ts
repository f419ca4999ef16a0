import pg from 'pg';
import type { CrashPoint } from '@coldroom/domain';
import { Browser, type Answer } from '../testing/browser';
import { startConsole } from '../testing/console-process';
import { RunningConsole, type Login } from '../testing/running-console';
import { brought } from '../testing/sample-requests';

/** The console that goes on when the other one is killed, on the same register. */
let running: RunningConsole;
beforeAll(async () => {
  running = await RunningConsole.start('order_crashes');
});
afterAll(() => running.stop());

interface Order {
  readonly as: Login;
  /** Below `api/v1/`, for a request of one fileset. */
  readonly path: (request: bigint) => string;
  readonly body: (fileset: string) => unknown;
  readonly event: string;
  readonly archived?: boolean;
  /** The steps of what it does. */
  readonly written: CrashPoint;
  readonly committed: CrashPoint;
  /** What a program gets that sends it again, after it was carried out without an answer. */
  readonly answered: Readonly<Record<string, unknown>>;
}

const decision = (as: Login, event: string, state: string, more: Record<string, string> = {}): Order => ({
  as,
  event,
  path: (request) => `requests/${request}/decision`,
  body: () => ({ decision: event, ...more }),
  written: 'decide:1-written',
  committed: 'decide:2-committed',
  answered: { status: 412, code: 'REQUEST_DECIDED', request: expect.objectContaining({ state, decidedBy: as }) },
});

const orders: readonly (readonly [string, Order])[] = [
  ['an approval', decision('dora', 'approve', 'Approved')],
  ['a decline', decision('dora', 'decline', 'Declined', { reason: 'not now' })],
  ['a withdrawal', decision('alice', 'withdraw', 'Declined')],
  [
    'a restore',
    {
      as: 'alice',
      event: 'restore',
      archived: true,
      path: () => 'retrievals',
      body: (fileset) => ({ targets: [fileset], way: 'restore' }),
      written: 'retrieve:1-written',
      committed: 'retrieve:2-committed',
      answered: { status: 200, retrievals: [] },
    },
  ],
];

type Moment = 'before' | 'done' | 'answered';
/** With COLDROOM_DRILLS=all every order is killed at every step; else the first is, and the others once carried out. */
const all = process.env['COLDROOM_DRILLS'] === 'all';
const cases = orders.flatMap(([what, order], at) =>
  (
    [
      ['order:1-key-recorded', 'before'],
      [order.written, 'before'],
      [order.committed, 'done'],
      ['order:2-carried-out', 'done'],
      ['order:3-answer-recorded', 'answered'],
    ] as const
  )
    .filter(([crashPoint]) => all || at === 0 || crashPoint === order.committed)
    .map(([crashPoint, moment]): [string, CrashPoint, Moment, Order] => [what, crashPoint, moment, order]),
);

test.each(cases)(
  '%s, killed at %s, is carried out once when it is sent again',
  async (_what, crashAt, moment, order) => {
    const id = await running.newRequest();
    if (order.archived) await brought(running.register, id, () => 'released');
    const [first] = await running.register.meaning.filesets(id, 1);
    const browser = new Browser(running);
    await browser.signIn(order.as);
    const csrf = await browser.csrf('/');
    const headers = {
      'content-type': 'application/json',
      'x-csrf-token': csrf,
      'idempotency-key': `${order.event}-${crashAt}`,
      'if-match': '"1"',
    };
    const send = (from: Browser): Promise<Answer> =>
      from.send(`/api/v1/${order.path(id)}`, {
        method: 'POST',
        body: JSON.stringify(order.body(first!.fileset)),
        headers,
      });
    const { address, exited } = await startConsole(running, crashAt);
    const killed = new Browser({ address, settings: running.settings });
    for (const [name, value] of browser.cookies) killed.cookies.set(name, value);

    await expect(send(killed)).rejects.toThrow();
    expect(await exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await times(order, id)).toBe(moment === 'before' ? 0 : 1);

    const at = await send(browser);
    if (moment === 'answered') {
      expect([at.status < 300, at.headers.get('idempotency-replayed')]).toEqual([true, 'true']);
    } else {
      expect(JSON.parse(at.text)).toMatchObject({ status: 409, code: 'IDEMPOTENCY_RUNNING' });
      await endLease(headers['idempotency-key']);
      const { status, text } = await send(browser);
      const answer = { status, ...(JSON.parse(text) as object) };
      if (moment === 'done') expect(answer).toMatchObject(order.answered);
      else expect(answer.status).toBe(order.archived ? 201 : 200);
    }
    expect(await times(order, id)).toBe(1);
  },
);

/** How often it was carried out. */
async function times({ event, archived }: Order, requestId: bigint): Promise<number> {
  if (archived) {
    const all = await running.register.retrievalReports.list(undefined, { limit: 100 });
    return all.filter((each) => each.requestId === requestId).length;
  }
  return (await running.register.reports.events({ requestId })).filter(({ what }) => what === event).length;
}

/** As if half a minute had passed. */
async function endLease(key: string): Promise<void> {
  const client = new pg.Client({ connectionString: running.settings.registerUrl });
  await client.connect();
  await client.query('UPDATE coldroom.idempotency SET running_until = now() WHERE key = $1 AND answer IS NULL', [key]);
  await client.end();
}
