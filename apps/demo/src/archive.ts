import { setTimeout as sleep } from 'node:timers/promises';
import { Register, type RequestSummary } from '@coldroom/register';
import type { Services } from './services';

const patienceMs = 600_000;

/** Asks for a scan and waits for it. Returns the report. */
export async function scan(register: Register, services: Services): Promise<Readonly<Record<string, unknown>>> {
  const id = await register.scans.ask('demo');
  return until(services, 'the scan', async () => {
    const found = await register.scans.get(id);
    if (found?.failed) throw new Error(`the scan failed: ${found.failed}`);
    return found?.finishedAt ? found.report ?? {} : undefined;
  });
}

/** Approves the first two new requests and declines the third, as a data manager might. */
export async function decide(register: Register): Promise<{ approved: readonly RequestSummary[]; declined: readonly RequestSummary[] }> {
  const fresh = [...await register.requests.list(['New'])].sort((a, b) => b.files - a.files);
  const approved = fresh.slice(0, 2);
  const declined = fresh.slice(2, 3);
  for (const request of approved) await register.requests.approve(request.id, 'demo');
  for (const request of declined) await register.requests.decline(request.id, 'demo', 'this project is still being worked on');
  return { approved, declined };
}

/** Waits until nothing is under way any more and OMERO has been told, showing progress meanwhile. */
export async function untilDone(register: Register, services: Services, show: () => Promise<void>): Promise<void> {
  await until(services, 'the archive run', async () => {
    await show();
    const requests = await register.requests.list(['Approved', 'Running']);
    const owed = await register.marks.owed(1);
    return requests.length === 0 && owed.length === 0 ? true : undefined;
  }, Number.POSITIVE_INFINITY);
}

async function until<T>(services: Services, what: string, look: () => Promise<T | undefined>, patience = patienceMs): Promise<T> {
  const start = Date.now();
  for (;;) {
    services.check();
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() - start > patience) throw new Error(`${what} did not end within ${patience / 60_000} minutes; the services' logs tell more`);
    await sleep(500);
  }
}
