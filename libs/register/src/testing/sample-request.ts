import {
  next,
  workStates,
  type ArchiveFile,
  type FileEvent,
  type FileState,
  type Identity,
  type WorkState,
} from '@coldroom/domain';
import type { NewFile, NewImage, NewRequest } from '../requests/drafts';
import type { Transition } from '../transitions/transition';
import type { Register } from '../register';
import type { Closure } from '../requests/requests';
import type { Claim, DueBag } from '../transitions/claims';

export const draft: NewRequest = {
  ownerId: 3n,
  owner: 'ada',
  groupId: 4n,
  group: 'Lab',
  requesterId: 3n,
  requester: 'ada',
};

export function identity(size: bigint, ino = 1n): Identity {
  return {
    dev: 64n,
    ino,
    size,
    mtimeNs: 1_700_000_000_123_456_789n,
    ctimeNs: 1_700_000_000_123_456_790n,
    links: 1,
    mode: 0o100644,
    uid: 1000,
    gid: 1000,
  };
}

export function newFile(fileset: string, path: string | Buffer, change: Partial<NewFile> = {}): NewFile {
  const size = change.size ?? 10n;
  return {
    fileset,
    root: 'ManagedRepository',
    path: Buffer.from(path),
    display: path.toString(),
    size,
    originalFileId: null,
    pixelsId: null,
    omeroHash: null,
    verdict: { take: identity(size) },
    ...change,
  };
}

export const skipped = (code: string): Pick<NewFile, 'verdict'> => ({
  verdict: { skip: { code, reason: `because of ${code}` } },
});

export function newImage(imageId: bigint, fileset: string, marked = true): NewImage {
  return { imageId, name: `image ${imageId}`, fileset, marked };
}

async function* inBatches<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < items.length; start += 3) yield items.slice(start, start + 3);
}

export function closure(images: readonly NewImage[], files: readonly NewFile[]): Closure {
  return { images: inBatches(images), files: inBatches(files) };
}

let made = 0;

/** A running request of filesets with files of these sizes (bytes), one image each. */
export async function running(
  register: Register,
  filesets: Readonly<Record<string, readonly bigint[]>>,
): Promise<bigint> {
  made += 1;
  const nr = made;
  const names = Object.keys(filesets);
  const id = await register.requests.create(
    draft,
    closure(
      names.map((name, index) => newImage(BigInt(nr * 1000 + index), name)),
      names.flatMap((name) =>
        (filesets[name] ?? []).map((size, index) => newFile(name, `${nr}/${name}/${index}`, { size })),
      ),
    ),
    'scanner',
  );
  await register.requests.approve(id, 'boss');
  await register.requests.start(id, 'main', (bag) => `r${id}-${bag}`, 'scanner');
  return id;
}

export const forward = {
  approved: 'hash',
  hashed: 'copy',
  copied: 'verify',
  verified: 'seal',
  sealed: 'link',
  linked: 'release',
  undoing: 'undo',
  retrieving: 'bringOnline',
  online: 'fetch',
  fetched: 'verifyFetched',
  fetchVerified: 'place',
  recalled: 'expire',
  moving: 'moveCopy',
  moveCopied: 'moveVerify',
  moveVerified: 'moveSeal',
  moveSealed: 'moveLink',
} as const satisfies Record<WorkState, FileEvent>;

/** The transition of this file by `event`, with the facts that a service would give. */
export function transitionOf(file: Pick<ArchiveFile, 'id' | 'state'>, event: FileEvent): Transition {
  const to = next(file.state, event)?.[0];
  if (!to) throw new Error(`no ${event} from ${file.state}`);
  const trouble = event === 'fail' ? { code: 'TROUBLE', reason: 'as the test wants it' } : {};
  return { id: file.id, event, from: file.state, to, ...trouble };
}

export const stage = { stage: 'test', errorLimit: 1000 } as const;

export async function claimed(register: Register, bagId: bigint, state: WorkState, worker = 'w1'): Promise<Claim> {
  const claim = await register.claims.claim(bagId, [state], worker, 60_000);
  if (!claim) throw new Error(`bag ${bagId} cannot be claimed in ${state}`);
  return claim;
}

/** Advances all files of a bag from `state`, as its service would. */
export async function passed(register: Register, bagId: bigint, state: WorkState): Promise<readonly DueBag[]> {
  const claim = await claimed(register, bagId, state);
  return register.applyTransitions(
    claim,
    claim.files.map((file) => transitionOf(file, forward[state])),
    stage,
  );
}

/** Brings a bag from `approved` up to `until`. */
export async function brought(register: Register, bagId: bigint, until: WorkState | 'released'): Promise<void> {
  for (const state of ['approved', 'hashed', 'copied', 'verified', 'sealed', 'linked'] as const) {
    if (state === until) return;
    await passed(register, bagId, state);
  }
}

/** Brings a bag that was requested back up to `until`. */
export async function broughtBack(register: Register, bagId: bigint, until: WorkState): Promise<void> {
  for (const state of ['retrieving', 'online', 'fetched'] as const) {
    if (state === until) return;
    await passed(register, bagId, state);
  }
}

/** The states of a request's files, in the order of their paths. */
export async function statesOf(register: Register, requestId: bigint): Promise<readonly FileState[]> {
  const files = await register.reports.files({ requestId, limit: 10_000 });
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map((file) => file.state);
}

export async function bagsOf(register: Register): Promise<readonly bigint[]> {
  const due = await register.claims.due(workStates);
  return due.map((bag) => bag.bagId).sort((a, b) => (a < b ? -1 : 1));
}
