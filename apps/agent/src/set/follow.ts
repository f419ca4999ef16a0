import { persist, type Agent } from '../agent';
import type { SetRecord } from './records';

/** Asks the server how far the import of a set is, and records it. Changes nothing there. */
export async function follow(agent: Agent, record: SetRecord): Promise<SetRecord> {
  const { order, proof } = await persist(agent, () => agent.server.status(record.set));
  const isProven = proof?.manifest === record.manifest;
  const note = !order
    ? 'the server does not have the order'
    : proof && !isProven
      ? 'OMERO does not have all files of the set: the copy here stays'
      : (order.reason ?? order.note);
  const seen: SetRecord = { ...record, state: order?.state ?? null, note };
  const next: SetRecord =
    order?.state === 'cancelled'
      ? {
          ...seen,
          phase: 'failed',
          note: 'the import was cancelled; the set is in the buffer and can be ordered there',
        }
      : isProven && record.phase === 'ordered'
        ? { ...seen, phase: 'proven', provenAt: new Date().toISOString() }
        : seen;
  if (JSON.stringify(next) !== JSON.stringify(record)) await agent.records.save(next);
  return next;
}
