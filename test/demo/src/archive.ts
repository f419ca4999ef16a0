import { setTimeout as sleep } from 'node:timers/promises';
import { Register, type RequestSummary } from '@coldroom/register';
import { counted, underWay } from '@coldroom/terminal';
import type { Services } from './services';

const patienceMs = 180_000;
const waitsShown = 10;

/** Requests a scan and waits for it. Returns the report. */
export async function scan(register: Register, services: Services): Promise<Readonly<Record<string, unknown>>> {
  const id = await register.scans.ask('demo');
  return until(services, 'the scan', async () => {
    const found = await register.scans.get(id);
    if (found?.failed) throw new Error(`the scan failed: ${found.failed}`);
    return found?.finishedAt ? (found.report ?? {}) : undefined;
  });
}

/** Approves the first two new requests and declines the third, as a data manager might. */
export async function decide(
  register: Register,
): Promise<{ approved: readonly RequestSummary[]; declined: readonly RequestSummary[] }> {
  const fresh = [...(await register.requests.list({ states: ['New'] }))].sort((a, b) => b.files - a.files);
  const approved = fresh.slice(0, 2);
  const declined = fresh.slice(2, 3);
  for (const request of approved) await register.requests.approve(request.id, 'demo');
  for (const request of declined)
    await register.requests.decline(request.id, 'demo', 'this project is still being worked on');
  return { approved, declined };
}

/**
 * Waits until no work is left, held originals are freed and OMERO is updated; shows progress meanwhile. Ends, too, when
 * nothing has moved for minutes: what is then under way is not proven to be archived, and is no fault either.
 */
export async function untilDone(register: Register, services: Services, show: () => Promise<void>): Promise<void> {
  let seen = '';
  let since = Date.now();
  await until(
    services,
    'the archive run',
    async () => {
      await show();
      const waiting = [
        ...(await register.requests.inState('Approved')),
        ...(await register.requests.inState('Running')),
        ...(await register.reports.progress()).filter((row) => row.state === 'linked'),
        ...((await bagsUnderWay(register)) > 0 ? ['bags'] : []),
        ...(await register.marks.pending(1)),
      ];
      if (waiting.length === 0) return true;
      const now =
        JSON.stringify(await register.reports.progress(), (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        ) + waiting.length;
      if (now !== seen) [seen, since] = [now, Date.now()];
      return Date.now() - since > patienceMs ? true : undefined;
    },
    Number.POSITIVE_INFINITY,
  );
}

/** What is still under way at the end, in words; nothing where all work is done. */
export async function leftUnderWay(register: Register, services: Services): Promise<readonly string[]> {
  const bags = await bagsUnderWay(register);
  const packing = (await register.requests.inState('Approved')).length;
  if (bags === 0 && packing === 0) return [];
  const waits = (await register.reports.waiting()).map(
    ({ reason, bags: some }) => `  ${counted(some, 'bag')}: ${reason}`,
  );
  return [
    `Still under way: ${counted(bags, 'bag')}${packing > 0 ? `, and ${counted(packing, 'request')} without bags` : ''}`,
    ...waits.slice(0, waitsShown),
    ...services.complaints().map((line) => `  ${line}`),
  ];
}

/** Without bags that wait for a person, as a file of theirs is stuck: that file is listed. */
async function bagsUnderWay(register: Register): Promise<number> {
  return underWay(await register.reports.progress()) - (await register.reports.bagsBehindStuck());
}

async function until<T>(
  services: Services,
  what: string,
  look: () => Promise<T | undefined>,
  patience = patienceMs,
): Promise<T> {
  const start = Date.now();
  for (;;) {
    services.check();
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() - start > patience)
      throw new Error(`${what} did not end within ${patience / 60_000} minutes; see the services' logs`);
    await sleep(500);
  }
}
