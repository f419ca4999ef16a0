import { createHash } from 'node:crypto';
import { next, type FileEvent, type WorkState } from '@coldroom/domain';
import type { Claim, NewFile, NewImage, Register, Transition } from '@coldroom/register';
import { groups } from './sample-people';
import { people, type Login } from './running-console';

interface SampleFileset {
  /** Its path below the owner's directory; images and files are named after its last part. */
  readonly name: string;
  readonly marked: number;
  /** Images without a mark, which share its files. */
  readonly along?: number;
  readonly files: number;
  readonly fileSize: bigint;
  /** Why its first files are not taken. */
  readonly skip?: { readonly files: number; readonly code: string; readonly reason: string };
}

export interface SampleRequest {
  readonly owner: Login;
  readonly requester?: Login;
  readonly group: keyof typeof groups;
  readonly filesets: readonly SampleFileset[];
}

const groupNames = { biology: 'Cell Biology', microscopy: 'Microscopy' } as const;
let lastId = 40_000;
const nextId = (): bigint => BigInt((lastId += 1));

/** A New request, as the scanner would make it. */
export async function sampleRequest(register: Register, sample: SampleRequest): Promise<bigint> {
  const requester = sample.requester ?? sample.owner;
  const content = sample.filesets.map((fileset) => contentOf(sample.owner, fileset));
  async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
    yield* items;
  }
  return register.requests.create(
    {
      ownerId: people[sample.owner],
      owner: sample.owner,
      groupId: groups[sample.group],
      group: groupNames[sample.group],
      requesterId: people[requester],
      requester,
    },
    { images: each(content.map(({ images }) => images)), files: each(content.map(({ files }) => files)) },
    'scanner',
    [
      {
        by: requester,
        expiry: '10',
        description: 'Raw data of the screen, both replicates',
        reason: '',
        imageIds: content.flatMap(({ images }) => images.filter(({ marked }) => marked).map(({ imageId }) => imageId)),
      },
    ],
  );
}

function contentOf(owner: Login, sample: SampleFileset): { images: readonly NewImage[]; files: readonly NewFile[] } {
  const fileset = `Fileset:${nextId()}`;
  const [base = '', extension = ''] = (sample.name.split('/').at(-1) ?? '').split('.');
  const images = Array.from({ length: sample.marked + (sample.along ?? 0) }, (_, at) => ({
    imageId: nextId(),
    name: sample.files === 1 ? `${base}.${extension} [Series ${at + 1}]` : `${base} [Well ${wellOf(at)}]`,
    fileset,
    marked: at < sample.marked,
  }));
  const files = Array.from({ length: sample.files }, (_, at): NewFile => {
    const path = `${owner}_${people[owner]}/${sample.name}${sample.files === 1 ? '' : `/${base}_${wellOf(at)}.tif`}`;
    const { skip, fileSize: size } = sample;
    return {
      fileset,
      root: 'ManagedRepository',
      path: Buffer.from(path),
      display: path,
      size,
      originalFileId: nextId(),
      pixelsId: null,
      omeroHash: null,
      verdict:
        skip && at < skip.files ? { skip: { code: skip.code, reason: skip.reason } } : { take: identityOf(size) },
    };
  });
  return { images, files };
}

const wellOf = (at: number): string =>
  `${'ABCDEFGH'[Math.floor(at / 12) % 8]}${String((at % 12) + 1).padStart(2, '0')}`;

const identityOf = (size: bigint) => ({
  dev: 1n,
  ino: nextId(),
  size,
  mtimeNs: 1n,
  ctimeNs: 1n,
  links: 1,
  mode: 0o100644,
  uid: 1000,
  gid: 1000,
});

const forward: Readonly<Partial<Record<WorkState, FileEvent>>> = {
  approved: 'hash',
  hashed: 'copy',
  copied: 'verify',
  verified: 'seal',
  sealed: 'link',
  linked: 'release',
  retrieving: 'bringOnline',
  online: 'fetch',
};

/** Approves and starts a request. Its bags, in the order of their paths, are then brought up to these states. */
export async function brought(
  register: Register,
  id: bigint,
  until: (bag: number) => WorkState | 'released',
): Promise<void> {
  await register.requests.approve(id, 'dora');
  await register.requests.start(id, 'tape', (nr) => `r${id}-${nr}`, 'scanner');
  for (const state of ['approved', 'hashed', 'copied', 'verified', 'sealed', 'linked'] as const) {
    const due = (await register.claims.due([state])).map(({ bagId }) => bagId).sort((a, b) => (a < b ? -1 : 1));
    for (const bagId of due) {
      const claim = await register.claims.claim(bagId, [state], 'sample', 60_000);
      if (!claim) continue;
      if (claim.requestId !== id || until(bagNumber(claim)) === state) await register.claims.releaseClaim(claim);
      else
        await passed(register, claim, forward[state] as FileEvent, {
          delayMs: state === 'sealed' && until(bagNumber(claim)) === 'linked' ? heldMs : 0,
        });
    }
  }
}

/** As a stage would: one step on, or to `stuck` with a code. */
async function passed(
  register: Register,
  claim: Claim,
  event: FileEvent,
  more: Trouble & { readonly delayMs?: number } = {},
): Promise<void> {
  const { delayMs = 0, ...trouble } = more;
  const transitions = claim.files.map((file): Transition => {
    const to = next(file.state, event)?.[0];
    if (to === undefined) throw new Error(`no ${event} from ${file.state}`);
    return { id: file.id, event, from: file.state, to, ...factsOf(event, file.id), ...trouble };
  });
  await register.applyTransitions(claim, transitions, { stage: event, errorLimit: 1000, delayMs });
}

/** All bags of a request that are in these states, one after the other, go one step on. */
export async function passedOn(register: Register, id: bigint, states: readonly WorkState[]): Promise<void> {
  for (const state of states)
    for (const { bagId } of await register.claims.due([state])) {
      const claim = await register.claims.claim(bagId, [state], 'sample', 60_000);
      if (claim?.requestId === id) await passed(register, claim, forward[state] as FileEvent);
      else if (claim) await register.claims.releaseClaim(claim);
    }
}

/** What a stage would record of this file. */
function factsOf(event: FileEvent, id: bigint): Partial<Transition> {
  const digest = createHash('sha256').update(String(id)).digest('hex');
  if (event === 'hash') return { digests: { 'SHA-256': digest, 'SHA1-160': digest.slice(0, 40) } };
  if (event === 'copy') return { copyVersion: `v${id}` };
  return event === 'verify' ? { copyDigest: digest, copyRead: 'remote' } : {};
}

/** One bag of a started request fails in `state`. */
export async function stuck(
  register: Register,
  id: bigint,
  state: WorkState,
  trouble: Required<Trouble>,
): Promise<void> {
  for (const { bagId } of await register.claims.due([state])) {
    const claim = await register.claims.claim(bagId, [state], 'sample', 60_000);
    if (claim?.requestId === id) return passed(register, claim, 'fail', trouble);
    if (claim) await register.claims.releaseClaim(claim);
  }
}

interface Trouble {
  readonly code?: string;
  readonly reason?: string;
}

const bagNumber = (claim: Claim): number => Number(claim.bag.split('-').at(-1));
const heldMs = 14 * 86_400_000;
