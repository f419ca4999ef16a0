import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Refused, Transient } from '@coldroom/domain';
import { persist, type Agent } from '../agent';
import { joined, pathOfKept } from '../local-path';
import { sendFile } from '../server/send-file';
import { checkUnchanged, readManifest, type SentFile } from './manifest';
import { nameOf } from './prepare';
import type { SetRecord } from './records';

const mostDamages = 5;
/** Less than the console takes in one body. */
const pageBytes = 60_000;

/**
 * Sends what the server does not have of a set, and orders its import. Begins where it was, whenever it is called. `Refused`
 * `SET_CHANGED`: the set has to be prepared again; and what the server refuses.
 */
export async function sendSet(agent: Agent, record: SetRecord): Promise<SetRecord> {
  const { server, records, gate, signal, say } = agent;
  return persist(agent, async () => {
    await gate.open(signal, (why) => say(`waits: ${why}`));
    const begun = await server.begin(announced(record));
    if (begun.state === 'receiving') {
      if (begun.declared < record.files) await declareAll(agent, record);
      await sendMissing(agent, record);
    }
    const { order } = await server.order(record.set);
    if (!order) throw new Transient('UPLOAD_BUSY', 'The server has no order yet.');
    const ordered: SetRecord = { ...record, phase: 'ordered', order: order.id, state: order.state, note: null };
    await records.save(ordered);
    say(`ordered: import ${order.id}`);
    return ordered;
  }).catch(async (error: unknown) => {
    if (codeOf(error) === 'SET_CHANGED') await forget(agent, record);
    throw error;
  });
}

function announced({
  set,
  directory,
  person,
  group,
  target,
  transfer,
  name,
  description,
  files,
  bytes,
}: SetRecord): object {
  const order = { set, person, group, target, transfer, name, description, files, bytes };
  return { ...order, directory: nameOf(pathOfKept(directory)).toString('base64') };
}

async function declareAll({ server, records }: Agent, { set }: SetRecord): Promise<void> {
  let [page, size] = [[] as object[], 0];
  for await (const { number, path, size: bytes, mtimeNs, sha256 } of readManifest(records.manifestOf(set))) {
    const file = { number, path: path.toString('base64'), size: `${bytes}`, mtimeNs: `${mtimeNs}`, sha256 };
    page.push(file);
    size += file.path.length + 200;
    if (size < pageBytes) continue;
    await server.declare(set, page);
    [page, size] = [[], 0];
  }
  if (page.length > 0) await server.declare(set, page);
}

async function sendMissing(agent: Agent, record: SetRecord): Promise<void> {
  const { server, records } = agent;
  const missing = numbersMissing(agent, record.set);
  let next = await missing.next();
  for await (const file of readManifest(records.manifestOf(record.set))) {
    if (next.done) break;
    if (file.number !== next.value) continue;
    await sendOne(agent, record, file);
    next = await missing.next();
  }
  // Whatever the server proved meanwhile, it decides whether the set is complete.
  if ((await server.missing(record.set, -1)).length > 0)
    throw new Transient('UPLOAD_INCOMPLETE', 'The server does not have all files yet.');
}

async function* numbersMissing({ server }: Agent, set: string): AsyncGenerator<number> {
  for (let after = -1; ;) {
    const numbers = await server.missing(set, after);
    yield* numbers;
    const last = numbers.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function sendOne(agent: Agent, record: SetRecord, file: SentFile): Promise<void> {
  const { server, gate, signal, say } = agent;
  const set = pathOfKept(record.directory);
  const to = { at: joined(set, file.path), size: file.size, url: server.fileUrl(record.set, file.number) };
  let damages = 0;
  await persist(agent, async () => {
    await gate.open(signal, (why) => say(`waits: ${why}`));
    await checkUnchanged(set, file);
    let isSent = false;
    try {
      await sendFile({ ...to, headers: server.headers }, gate, signal);
      isSent = true;
      await checkUnchanged(set, file);
      while (!(await server.prove(record.set, file.number))) await sleep(1000, undefined, { signal });
    } catch (error) {
      await checkUnchanged(set, file);
      if (await isProven(agent, record, file)) return;
      // Whoever asks again after a long proof only learns that what was received is gone.
      if (!isSent || !['UPLOAD_DAMAGED', 'UPLOAD_INCOMPLETE'].includes(codeOf(error))) throw error;
      damages += 1;
      if (damages < mostDamages) throw error;
      throw new Refused(
        'UPLOAD_DAMAGED',
        `${mostDamages} uploads of a file arrived with another SHA-256. Look at the network, at the memory and at the disk of this machine.`,
      );
    }
  });
}

/** An answer may have been lost. A server that does not answer says nothing about it. */
async function isProven({ server }: Agent, { set }: SetRecord, { number }: SentFile): Promise<boolean> {
  const [next] = await server.missing(set, number - 1).catch(() => [number]);
  return next !== number;
}

/** The set is sent again under another name; what the server has of this one is of no use. */
async function forget({ server, records, say }: Agent, { set }: SetRecord): Promise<void> {
  await server
    .discard(set)
    .catch((error: unknown) => say(`not discarded on the server, which will do so itself: ${codeOf(error)}`));
  await records.forget(set);
}
