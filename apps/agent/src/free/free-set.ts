import { link, rename, rmdir, unlink } from 'node:fs/promises';
import { codeOf } from '@coldroom/domain';
import { persist, type Agent } from '../agent';
import { joined, lookAt, pathOfKept, shownBytes, type LocalPath } from '../local-path';
import { hashOf, readManifest, type SentFile } from '../set/manifest';
import type { SetRecord } from '../set/records';
import { filesOf } from '../set/walk';
import { reasonsToKeepCopy, type SetFacts } from './reasons';

const ending = Buffer.from('.coldroom-removing');
const aside = (path: Buffer): Buffer => Buffer.concat([path, ending]);

/**
 * Removes the copy of a set here if nothing is against it; otherwise `note` says what. First all files are compared with what
 * was sent, then each is moved to a name of ours, looked at once more, and removed. A file that was moved when the machine
 * stopped gets its own name again.
 */
export async function freeSet(agent: Agent, record: SetRecord): Promise<SetRecord> {
  const set = pathOfKept(record.directory);
  const files = (): AsyncGenerator<SentFile> => readManifest(agent.records.manifestOf(record.set));
  if (record.phase === 'removing') for await (const file of files()) await renameBack(set, file);
  const reason = await firstReason(agent, record, set, files);
  if (reason !== null) return kept(agent, record, reason);
  const removing: SetRecord = { ...record, phase: 'removing', note: null };
  await agent.records.save(removing);
  const directories = new Set<string>();
  for await (const file of files()) {
    const left = await removeOne(set, file);
    if (left !== null) return kept(agent, removing, `${shownBytes(file.path)}: ${left}`);
    const names = file.path.toString('latin1').split('/');
    for (let depth = 1; depth < names.length; depth += 1) directories.add(names.slice(0, depth).join('/'));
  }
  for (const path of [...directories].toSorted((one, other) => other.length - one.length))
    await removeEmpty(joined(set, Buffer.from(path, 'latin1')));
  await removeEmpty(set);
  const freed: SetRecord = { ...removing, phase: 'freed' };
  await agent.records.save(freed);
  await agent.records.dropManifest(record.set);
  agent.say(`removed here: ${record.shown}`);
  return freed;
}

async function kept({ records, say }: Agent, record: SetRecord, note: string): Promise<SetRecord> {
  if (record.note !== note) say(`kept here: ${record.shown}: ${note}`);
  const next = { ...record, note };
  await records.save(next);
  return next;
}

async function firstReason(
  agent: Agent,
  record: SetRecord,
  set: LocalPath,
  files: () => AsyncGenerator<SentFile>,
): Promise<string | null> {
  const facts = await factsOf(agent, record, set, files).catch((error: unknown) => codeOf(error));
  if (typeof facts === 'string') return `${facts}: the directory cannot be compared with what was sent`;
  for await (const file of files()) {
    const at = joined(set, file.path);
    const look = await lookAt(at);
    if (look === null && record.phase === 'removing') continue; // removed before the machine stopped
    const isTheSame = look?.kind === 'file' && look.size === file.size && look.mtimeNs === file.mtimeNs;
    const sha256 = isTheSame ? await hashHere(agent, at) : null;
    const [reason] = reasonsToKeepCopy(file, look && { ...look, sha256 }, facts);
    if (reason) return `${reason.code}: ${shownBytes(file.path)}: ${reason.message}`;
  }
  return null;
}

/** Null for a file that cannot be read, which is kept. The end of the agent says nothing about the file. */
async function hashHere({ gate, signal }: Agent, at: LocalPath): Promise<string | null> {
  try {
    return await hashOf(at, () => gate.open(signal));
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

async function factsOf(
  { server, gate, ...agent }: Agent,
  { set: name, files: count, bytes, manifest, removeAfterMs, provenAt }: SetRecord,
  set: LocalPath,
  files: () => AsyncGenerator<SentFile>,
): Promise<SetFacts> {
  const { proof } = await persist(agent, () => server.status(name));
  let here = 0;
  if (await lookAt(set)) for await (const _file of filesOf(set)) here += 1;
  let ours = 0;
  for await (const { path } of files()) if (await lookAt(joined(set, path))) ours += 1;
  return {
    sent: { files: count, bytes: BigInt(bytes), manifest },
    proof: proof && { ...proof, bytes: BigInt(proof.bytes) },
    others: here - ours,
    removeAfterMs,
    provenForMs: provenAt === null ? 0 : Date.now() - Date.parse(provenAt),
    acquiring: gate.isAcquiring(),
  };
}

/** Why it is still there, or null. */
async function removeOne(set: LocalPath, { path, size, mtimeNs }: SentFile): Promise<string | null> {
  const [own, ours] = [joined(set, path), joined(set, aside(path))];
  const before = await lookAt(own);
  if (before === null) return null;
  if (!(await isWithoutLinks(set, path))) return 'its directory is a link now';
  if (before.kind !== 'file' || before.size !== size || before.mtimeNs !== mtimeNs) return 'it changed in this moment';
  if (await lookAt(ours)) return `${shownBytes(aside(path))} is in the way`;
  await rename(own, ours);
  const after = await lookAt(ours);
  const isTheFile = after?.inode === before.inode && after.size === size && after.mtimeNs === mtimeNs;
  if (!isTheFile) {
    await renameBack(set, { path });
    return 'it changed in this moment';
  }
  await unlink(ours);
  return null;
}

/** A set that was moved elsewhere, with a link in its place, is the only copy there. */
async function isWithoutLinks(set: LocalPath, path: Buffer): Promise<boolean> {
  if ((await lookAt(set))?.kind !== 'directory') return false;
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
    if ((await lookAt(joined(set, path.subarray(0, end))))?.kind !== 'directory') return false;
  return true;
}

/** A second name never replaces anything, unlike a rename: where the name is taken, the file stays at ours. */
async function renameBack(set: LocalPath, { path }: Pick<SentFile, 'path'>): Promise<void> {
  const [own, ours] = [joined(set, path), joined(set, aside(path))];
  if ((await lookAt(ours))?.kind !== 'file' || (await lookAt(own))) return;
  try {
    await link(ours, own);
  } catch (error) {
    // On a file system without second names, such as exFAT. A rename would replace what has come there meanwhile.
    if (codeOf(error) !== 'EEXIST' && !(await lookAt(own))) await rename(ours, own);
    return;
  }
  await unlink(ours);
}

/** Stays if anything is in it, or if a program uses it. */
async function removeEmpty(directory: LocalPath): Promise<void> {
  await rmdir(directory).catch(() => undefined); // an empty directory that stays does no harm
}
