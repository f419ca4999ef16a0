import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { FileListing, Register } from '@coldroom/register';
import { digestOf, filesBelow, readFaults, restoredFaults, untouchedFaults, type Frozen } from './tree';

export interface Places {
  readonly data: string;
  readonly store: string;
  readonly other: string;
  readonly hold: string;
}

export interface Scene extends Places {
  readonly register: Register;
  /** What was there before, by path below the data directory. */
  readonly frozen: ReadonlyMap<string, Frozen>;
  /** What a test put there itself. */
  readonly foreign: ReadonlySet<string>;
}

const inPlace = ['registered', 'skipped', 'approved', 'declined', 'checksummed', 'transferred', 'verified', 'undone', 'abandoned'];
const moving = ['leaving', 'arrived', 'matched', 'settled'];
const linked = ['linked', 'released', ...moving];
const back = ['restoring', 'near', 'fetched', 'proven', 'restored'];
const atRest = ['released', 'linked', 'undone', 'abandoned', 'skipped', 'declined', 'restored', 'recalled'];

/**
 * What must hold at any moment, a crash included; the faults found, empty where all is well. Services may be running: a
 * file whose state changed while it was looked at is not compared with the register.
 */
export async function faultsOf(scene: Scene): Promise<string[]> {
  const before = await latestByPath(scene.register);
  const faults = [...scene.frozen].flatMap(([path, then]) => readFaults(join(scene.data, path), then).map((fault) => `${path} ${fault}`));
  const compared = [...scene.frozen].map(([path, then]) => [path, fileFaults(scene, path, then, before.get(path))] as const);
  const after = await latestByPath(scene.register);
  for (const [path, found] of compared) {
    const file = before.get(path);
    if (file?.state === after.get(path)?.state && file?.bag === after.get(path)?.bag) faults.push(...found.map((fault) => `${path} (${file?.state ?? 'not ours'}) ${fault}`));
  }
  for (const path of filesBelow(scene.data, ['.coldroom'])) {
    if (!scene.frozen.has(path) && !scene.foreign.has(path) && !/(^|\/)\.coldroom-\d+$/.test(path)) faults.push(`${path} was not there before`);
  }
  return [...faults, ...sealedBags(scene).flatMap((bag) => bagFaults(bag))];
}

/** What must hold besides where nothing is under way any more. */
export async function leftovers(scene: Scene): Promise<string[]> {
  const files = [...(await latestByPath(scene.register)).values()];
  const moving = files.filter((file) => !atRest.includes(file.state)).map((file) => `${file.path} is still ${file.state} ${file.code ?? ''} ${file.reason ?? ''}`);
  const temporary = filesBelow(scene.data, ['.coldroom']).filter((path) => path.includes('.coldroom-') && !scene.frozen.has(path)).map((path) => `${path} was left behind`);
  const held = new Set(files.filter((file) => file.state === 'linked').map((file) => `${file.bag}/${file.id}`));
  const hold = filesBelow(scene.hold).filter((path) => path !== '.coldroom-root' && !held.has(path)).map((path) => `hold/${path} was left behind`);
  const bags = [scene.store, scene.other].map((store) => join(store, '.open')).filter((open) => existsSync(open)).flatMap((open) => readdirSync(open).map((name) => `the bag ${name} was left open`));
  return [...moving, ...temporary, ...hold, ...bags];
}

async function latestByPath(register: Register): Promise<ReadonlyMap<string, FileListing>> {
  const files = await register.overview.files({ limit: 100_000 });
  return new Map(files.filter((file) => file.code !== 'IN_ANOTHER_REQUEST').map((file) => [`${file.root}/${file.path}`, file]));
}

/** Does the register say of a file what is on disk? */
function fileFaults(scene: Scene, path: string, then: Frozen, file: FileListing | undefined): string[] {
  const at = join(scene.data, path);
  if (!file || inPlace.includes(file.state)) return untouchedFaults(at, then);
  const faults: string[] = [];
  const isLink = lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  const copies = [scene.store, scene.other].map((store) => join(store, file.bag ?? '', 'data', path));
  const copy = copies[file.store === 'other' ? 1 : 0] as string;
  // While a bag is relinked, its links may lead to either store.
  const mayLeadTo = file.state === 'settled' ? copies : [copy];
  if (isLink && !mayLeadTo.includes(readlinkSync(at))) faults.push(`is a link to ${readlinkSync(at)}, not to ${copy}`);
  if (!isLink && linked.includes(file.state)) faults.push('is no link');
  if (!isLink) faults.push(...(back.includes(file.state) ? restoredFaults(at, then) : untouchedFaults(at, then)));
  if (isLink && file.state === 'restored') faults.push('is a link still');
  if (isLink && file.digests['SHA-256'] !== then.digest) faults.push('is linked under another digest than that of its bytes');
  const held = lstatSync(join(scene.hold, file.bag ?? '', String(file.id)), { bigint: true, throwIfNoEntry: false });
  if (file.state === 'linked' && held === undefined && file.linkedAt === null) faults.push('is not held');
  if (held && file.state === 'released') faults.push('is still held');
  if (held?.isFile() && held.ino !== then.ino) faults.push('has another file held for it');
  if (['linked', 'released'].includes(file.state) && digestOf(copy) !== then.digest) faults.push('has a copy with other bytes');
  return faults;
}

function sealedBags({ store, other }: Scene): string[] {
  return [store, other].flatMap((directory) => readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== '.open').map((entry) => join(directory, entry.name)));
}

/** `sha256sum -c`, as anybody without our software would prove a bag. */
function bagFaults(bag: string): string[] {
  const directory = bag;
  const faults = ['manifest-sha256.txt', 'tagmanifest-sha256.txt'].flatMap((manifest) => {
    const { status, stderr } = spawnSync('sha256sum', ['-c', '--strict', '--quiet', manifest], { cwd: directory, encoding: 'utf8' });
    return status === 0 ? [] : [`${bag}: ${stderr.trim()}`];
  });
  const { stdout } = spawnSync('grep', ['-c', '', 'manifest-sha256.txt'], { cwd: directory, encoding: 'utf8' });
  const payload = filesBelow(join(directory, 'data')).length;
  return Number(stdout) === payload ? faults : [...faults, `${bag}: the manifest names ${stdout.trim()} files, there are ${payload}`];
}
