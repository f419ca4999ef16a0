import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { percentDecoded } from '@coldroom/bagit';
import { sumsOf } from '@coldroom/bagit/testing';
import { displayPath, markerName } from '@coldroom/files';
import type { FileListing, Register } from '@coldroom/register';
import { sealedBagsIn, type KeptCopies } from './store-kinds';
import { digestOf, filesBelow, readFaults, restoredFaults, untouchedFaults, type Frozen } from './tree';

export interface Scene {
  readonly data: string;
  readonly hold: string;
  readonly copies: KeptCopies;
  /** The store named `other`, where the world has one. */
  readonly other: KeptCopies | undefined;
  readonly register: Register;
  /** What was there before, by path below the data directory. */
  readonly frozen: ReadonlyMap<string, Frozen>;
  /** What a test put there itself. */
  readonly foreign: ReadonlySet<string>;
  /** The unit in which its file systems keep times. */
  readonly timeUnitNs: bigint;
}

const inPlace = [
  'registered',
  'skipped',
  'approved',
  'declined',
  'hashed',
  'copied',
  'verified',
  'undone',
  'abandoned',
];
const moving = ['moving', 'moveCopied', 'moveVerified', 'moveSealed'];
const archived = ['linked', 'released', 'recalled', ...moving];
const back = ['retrieving', 'bring-online', 'fetched', 'fetchVerified', 'restored'];
const atRest = ['released', 'linked', 'undone', 'abandoned', 'skipped', 'declined', 'restored', 'recalled'];

/**
 * What must hold at any moment, even after a crash; returns the faults found, empty if there are none. Services may be
 * running: a file whose state changed during the check is not compared with the register.
 */
export async function faultsOf(scene: Scene): Promise<string[]> {
  const before = await latestByPath(scene.register);
  const seen = [...scene.frozen].map(([path, then]) => {
    const at = join(scene.data, path);
    const file = before.get(shown(path));
    return {
      path,
      then,
      file,
      outOfReach: danglingTarget(scene, at),
      read: readFaults(at, then, scene.timeUnitNs),
      compared: fileFaults(scene, path, then, file),
    };
  });
  const [bags, others] = [await scene.copies.bags(), (await scene.other?.bags()) ?? []]; // after the links: their targets existed before them
  const after = await latestByPath(scene.register);
  const faults = seen.flatMap(({ path, then, file, outOfReach, read, compared }) => {
    // The content is at the path, or in every location of the bag that the link names.
    const whole =
      outOfReach === undefined
        ? read
        : copyFaults(outOfReach.store === scene.other ? others : bags, outOfReach.path, then);
    const now = after.get(shown(path));
    const same = file?.state === now?.state && file?.bag === now?.bag;
    const stored =
      file && archived.includes(file.state)
        ? copyFaults(storeOf(scene, file) === scene.other ? others : bags, join(file.bag ?? '', 'data', path), then)
        : [];
    return [
      ...whole.map((fault) => `${path} ${fault}`),
      ...(same ? [...compared, ...stored] : []).map((fault) => `${path} (${file?.state ?? 'not ours'}) ${fault}`),
    ];
  });
  for (const path of filesBelow(scene.data, ['.coldroom'])) {
    if (!scene.frozen.has(path) && !scene.foreign.has(path) && !/(^|\/)\.coldroom-\d+$/.test(path))
      faults.push(`${path} was not there before`);
  }
  return [
    ...faults,
    ...[...bags, ...others].flatMap((directory) => sealedBagsIn(directory).flatMap((bag) => bagFaults(directory, bag))),
  ];
}

/** What must hold in addition when no work is left. */
export async function leftovers(scene: Scene): Promise<string[]> {
  const files = [...(await latestByPath(scene.register)).values()];
  const onTheWay = files
    .filter((file) => !atRest.includes(file.state))
    .map((file) => `${file.path} is still ${file.state} ${file.code ?? ''} ${file.reason ?? ''}`);
  const temporary = filesBelow(scene.data, ['.coldroom'])
    .filter((path) => path.includes('.coldroom-') && !scene.frozen.has(path))
    .map((path) => `${path} was left behind`);
  const held = new Set(files.filter((file) => file.state === 'linked').map((file) => `${file.bag}/${file.id}`));
  const hold = filesBelow(scene.hold)
    .filter((path) => path !== markerName && !path.startsWith('.check-') && !held.has(path))
    .map((path) => `hold/${path} was left behind`);
  const unsealed = (await Promise.all(storesOf(scene).map((store) => store.unsealed())))
    .flat()
    .map((what) => `${what} was left open`);
  return [
    ...onTheWay,
    ...temporary,
    ...hold,
    ...unsealed,
    ...storesOf(scene)
      .filter((store) => store.recalled)
      .flatMap((store) =>
        onlineFaults(
          store,
          files.filter((file) => storeOf(scene, file) === store),
        ),
      ),
  ];
}

/** A path as the register shows it. */
const shown = (path: string): string => displayPath(Buffer.from(path));

/** A recall directory contains recalled files, and nothing else. */
function onlineFaults(store: KeptCopies, files: readonly FileListing[]): string[] {
  const wanted = new Set(
    files.filter((file) => file.state === 'recalled').map((file) => `${file.bag}/data/${file.root}/${file.path}`),
  );
  const there = new Set(
    filesBelow(store.links)
      .filter((path) => path !== markerName)
      .map(shown),
  );
  return [
    ...[...there].filter((path) => !wanted.has(path)).map((path) => `recalled/${path} was left behind`),
    ...[...wanted].filter((path) => !there.has(path)).map((path) => `recalled/${path} is offline`),
  ];
}

async function latestByPath(register: Register): Promise<ReadonlyMap<string, FileListing>> {
  const files = await register.reports.files({ limit: 100_000 });
  return new Map(
    files.filter((file) => file.code !== 'IN_ANOTHER_REQUEST').map((file) => [`${file.root}/${file.path}`, file]),
  );
}

const storesOf = ({ copies, other }: Scene): readonly KeptCopies[] => (other ? [copies, other] : [copies]);
const storeOf = ({ copies, other }: Scene, file: FileListing): KeptCopies =>
  file.store === 'other' && other ? other : copies;

/** The target of a link that does not resolve for now: the store, and the path below the directories of its copies. */
function danglingTarget(scene: Scene, at: string): { readonly store: KeptCopies; readonly path: string } | undefined {
  if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() || existsSync(at)) return undefined;
  const target = readlinkSync(at);
  const store = storesOf(scene).find(({ recalled, links }) => recalled && target.startsWith(`${links}/`));
  return store && { store, path: relative(store.links, target) };
}

/** The copy must be right in each location. */
function copyFaults(bags: readonly string[], path: string, then: Frozen): string[] {
  return bags
    .map((directory) => copyAt(directory, path))
    .flatMap((copy) => {
      if (!existsSync(copy)) return [`has no copy at ${copy}`];
      return digestOf(copy) === then.digest ? [] : [`has a copy with other bytes at ${copy}`];
    });
}

/** By the path of the original below a bag; a bucket may have it under a percent-encoded name. */
function copyAt(directory: string, path: string): string {
  if (existsSync(join(directory, path))) return join(directory, path);
  const top = join(directory, path.slice(0, path.indexOf('/')));
  const stored = existsSync(top) ? filesBelow(top).map((below) => join(relative(directory, top), below)) : [];
  return join(directory, stored.find((each) => percentDecoded(Buffer.from(each)).equals(Buffer.from(path))) ?? path);
}

/** Does the register agree with the disk about a file? */
function fileFaults(scene: Scene, path: string, then: Frozen, file: FileListing | undefined): string[] {
  const at = join(scene.data, path);
  if (!file || inPlace.includes(file.state)) return untouchedFaults(at, then);
  const faults: string[] = [];
  const isLink = lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  // While the links of a bag are replaced, they may lead to either store.
  const mayLeadTo = (file.state === 'moveSealed' ? storesOf(scene) : [storeOf(scene, file)]).map(({ links }) =>
    join(links, file.bag ?? '', 'data', path),
  );
  if (isLink && !mayLeadTo.includes(readlinkSync(at)))
    faults.push(`is a link to ${readlinkSync(at)}, not to ${mayLeadTo.join(' or ')}`);
  if (!isLink && archived.includes(file.state)) faults.push('is no link');
  if (!isLink) faults.push(...(back.includes(file.state) ? restoredFaults(at, then) : untouchedFaults(at, then)));
  if (isLink && file.state === 'restored') faults.push('is a link still');
  if (isLink && file.digests['SHA-256'] !== then.digest)
    faults.push('is linked under another digest than that of its bytes');
  const held = lstatSync(join(scene.hold, file.bag ?? '', String(file.id)), { bigint: true, throwIfNoEntry: false });
  if (file.state === 'linked' && held === undefined && file.linkedAt === null) faults.push('is not held');
  if (held && file.state === 'released') faults.push('is still held');
  if (held?.isFile() && held.ino !== then.ino) faults.push('has another file held for it');
  return faults;
}

/** `sha256sum -c`, as anyone without our software would prove a bag. */
function bagFaults(place: string, bag: string): string[] {
  const directory = join(place, bag);
  const faults = sumsOf(directory).flatMap((list) => {
    const { status, stderr } = spawnSync('sha256sum', ['-c', '--strict', '--quiet', list], {
      cwd: directory,
      encoding: 'utf8',
    });
    return status === 0 ? [] : [`${bag}: ${stderr.trim()}`];
  });
  const { stdout } = spawnSync('grep', ['-c', '', 'manifest-sha256.txt'], { cwd: directory, encoding: 'utf8' });
  const payload = filesBelow(join(directory, 'data')).length;
  return Number(stdout) === payload
    ? faults
    : [...faults, `${bag}: the manifest names ${stdout.trim()} files, there are ${payload}`];
}
