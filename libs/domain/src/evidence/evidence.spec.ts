import type { ArchiveFile, Identity, ProvenCopy } from '../model';
import { fileStates, requestStates } from '../states';
import type { CopyStatus } from '../store';
import type { AtPath } from './checks';
import {
  pathReasons,
  reasonsToKeepFetched,
  reasonsToKeepLink,
  reasonsToKeepOldLink,
  type MoveLinkPolicy,
} from './link';
import { reasonsToKeepHeld, reasonsToKeepOriginal, type LinkPolicy, type OnDisk } from './original';

const identity: Identity = {
  dev: 64n,
  ino: 4711n,
  size: 1000n,
  mtimeNs: 1_700_000_000_000_000_001n,
  ctimeNs: 1_700_000_000_000_000_002n,
  links: 1,
  mode: 0o100644,
  uid: 1000,
  gid: 1000,
};
const file: ArchiveFile = {
  id: 1n,
  requestId: 1n,
  bagId: 1n,
  fileset: 'Fileset:9',
  root: 'ManagedRepository',
  path: Buffer.from('a/b.tif'),
  size: 1000n,
  state: 'sealed',
  omeroHash: null,
  originalFileId: 5n,
  pixelsId: null,
  identity,
  digests: { 'SHA-256': 'ab'.repeat(32) },
  copyVersion: 'v1',
  copyDigest: 'ab'.repeat(32),
  copyRead: 'direct',
  copyAttempts: 0,
  linkedAt: null,
  retrieval: null,
  fetched: null,
  onlineUntil: null,
};
const onDisk: OnDisk = { kind: 'file', identity, held: null };
const inStore: CopyStatus = { size: 1000n, version: 'v1', durable: 'yes', replicationState: 'green', writable: 'no' };
const policy: LinkPolicy = {
  requestState: 'Running',
  stopped: false,
  acceptedReads: ['direct', 'dropped'],
  filesetComplete: true,
};
/** The original after our own hold: one more hard link, a new ctime, and the same inode in the hold directory. */
const afterHold: Identity = { ...identity, links: 2, ctimeNs: identity.ctimeNs + 5n };

interface Facts {
  readonly file?: Partial<ArchiveFile>;
  readonly onDisk?: OnDisk;
  readonly inStore?: Partial<CopyStatus> | null;
  readonly policy?: Partial<LinkPolicy>;
}

function codes(facts: Facts = {}): string[] {
  const store = facts.inStore === null ? undefined : { ...inStore, ...facts.inStore };
  return reasonsToKeepOriginal({ ...file, ...facts.file }, facts.onDisk ?? onDisk, store, {
    ...policy,
    ...facts.policy,
  }).map((reason) => reason.code);
}

const seen = (change: Partial<Identity>, held: Identity | null = null): Facts => ({
  onDisk: { kind: 'file', identity: { ...identity, ...change }, held },
});

describe('reasonsToKeepOriginal', () => {
  it('returns none for a clean file', () => expect(codes()).toEqual([]));

  it.each<[string, Facts]>([
    ['STOPPED', { policy: { stopped: true } }],
    ['FILESET_INCOMPLETE', { policy: { filesetComplete: false } }],
    ['NO_DIGEST', { file: { digests: {} } }],
    ['NO_DIGEST', { file: { digests: { 'SHA1-160': 'ab'.repeat(20) } } }],
    ['NO_DIGEST', { file: { digests: { 'SHA-256': 'ab'.repeat(20) } } }],
    ['ORIGINAL_GONE', { onDisk: { kind: 'link' } }],
    ['ORIGINAL_GONE', { onDisk: { kind: 'missing' } }],
    ['ORIGINAL_GONE', { onDisk: { kind: 'other' } }],
    ['ORIGINAL_CHANGED', seen({ dev: 65n })],
    ['ORIGINAL_CHANGED', seen({ ino: 4712n })],
    ['ORIGINAL_CHANGED', seen({ size: 1001n })],
    ['ORIGINAL_CHANGED', seen({ mtimeNs: identity.mtimeNs + 1n })],
    ['ORIGINAL_CHANGED', seen({ ctimeNs: identity.ctimeNs + 1n })],
    ['ORIGINAL_HARD_LINKED', seen({ links: 2 })],
    ['COPY_MISSING', { inStore: null }],
    ['COPY_SIZE', { inStore: { size: 999n } }],
    ['COPY_SIZE', { file: { size: 999n } }],
    ['COPY_CHANGED', { inStore: { version: 'v2' } }],
    ['COPY_CHANGED', { file: { copyVersion: null } }],
    ['COPY_DIFFERS', { file: { copyDigest: null } }],
    ['COPY_DIFFERS', { file: { copyDigest: 'cd'.repeat(32) } }],
    ['COPY_NOT_PROVEN', { file: { copyRead: null } }],
    ['COPY_NOT_PROVEN', { file: { copyRead: 'cached' } }],
    ['COPY_NOT_PROVEN', { policy: { acceptedReads: [] } }],
    ['NOT_DURABLE', { inStore: { durable: 'no' } }],
    ['NOT_DURABLE', { inStore: { durable: 'unknown' } }],
    ['LEGACY_PIXELS_OF_ROOT', { file: { root: 'Pixels', identity: { ...identity, uid: 0 } }, ...seen({ uid: 0 }) }],
    ['COPY_WRITABLE', { file: { root: 'Pixels' }, inStore: { writable: 'yes' } }],
    ['COPY_WRITABLE', { file: { root: 'Pixels' }, inStore: { writable: 'unknown' } }],
  ])('%s', (code, facts) => {
    expect(new Set(codes(facts))).toEqual(new Set(code === 'COPY_MISSING' ? ['COPY_MISSING', 'NOT_DURABLE'] : [code]));
  });

  it.each(requestStates)('checks the request: %s', (requestState) => {
    const goes = requestState === 'Running' || requestState === 'Error';
    expect(codes({ policy: { requestState } })).toEqual(goes ? [] : ['REQUEST_NOT_APPROVED']);
  });

  it.each(fileStates)('checks the file: %s', (state) => {
    expect(codes({ file: { state } })).toEqual(state === 'sealed' ? [] : ['WRONG_STATE']);
  });

  it('accepts OMERO 4 pixels whose copy no one can write to', () => {
    expect(codes({ file: { root: 'Pixels' } })).toEqual([]);
    expect(codes({ file: { root: 'Files' }, inStore: { writable: 'yes' } })).toEqual([]);
  });

  it('states what it found', () => {
    const [reason] = reasonsToKeepOriginal(
      file,
      onDisk,
      { ...inStore, durable: 'no', replicationState: 'amber' },
      policy,
    );
    expect(reason?.message).toBe('the store says amber');
  });

  describe('after our own hold', () => {
    it('is unchanged since', () => {
      expect(
        codes({ onDisk: { kind: 'file', identity: afterHold, held: afterHold, heldCtimeNs: afterHold.ctimeNs } }),
      ).toEqual([]);
      expect(
        codes({ onDisk: { kind: 'file', identity: afterHold, held: afterHold, heldCtimeNs: afterHold.ctimeNs - 1n } }),
      ).toEqual(['ORIGINAL_CHANGED']);
    });
    it('is recognised although ctime and link count changed', () =>
      expect(codes({ onDisk: { kind: 'file', identity: afterHold, held: afterHold } })).toEqual([]));

    it.each<[string, Identity, Identity]>([
      ['a held file of another inode proves nothing', afterHold, { ...afterHold, ino: 1n }],
      ['a held file of another device proves nothing', afterHold, { ...afterHold, dev: 1n }],
      ['one more link is not ours', { ...afterHold, links: 3 }, afterHold],
      ['a lost link is not our doing', { ...afterHold, links: 1 }, afterHold],
    ])('%s', (_name, now, held) =>
      expect(codes({ onDisk: { kind: 'file', identity: now, held } })).toEqual(['ORIGINAL_HARD_LINKED']),
    );

    it.each<[string, Partial<Identity>]>([
      ['size', { size: 1001n }],
      ['mtime', { mtimeNs: identity.mtimeNs - 1n }],
      ['mode', { mode: 0o100600 }],
      ['uid', { uid: 7 }],
      ['gid', { gid: 7 }],
    ])('still detects a change of %s', (_name, change) => {
      const now = { ...afterHold, ...change };
      expect(codes({ onDisk: { kind: 'file', identity: now, held: now } })).toEqual(['ORIGINAL_CHANGED']);
    });
  });

  it('returns all reasons at once', () => {
    expect(
      codes({
        file: { state: 'stuck', digests: {}, copyRead: null, root: 'Pixels' },
        onDisk: { kind: 'missing' },
        inStore: null,
        policy: { stopped: true, requestState: 'Declined', filesetComplete: false },
      }),
    ).toEqual([
      'STOPPED',
      'REQUEST_NOT_APPROVED',
      'FILESET_INCOMPLETE',
      'WRONG_STATE',
      'NO_DIGEST',
      'ORIGINAL_GONE',
      'COPY_MISSING',
      'COPY_NOT_PROVEN',
      'NOT_DURABLE',
      'COPY_WRITABLE',
    ]);
  });
});

describe('reasonsToKeepHeld', () => {
  const linked: ArchiveFile = { ...file, state: 'linked', linkedAt: new Date(0) };

  interface HeldFacts {
    readonly file?: Partial<ArchiveFile>;
    readonly atPath?: AtPath;
    readonly held?: Partial<Identity>;
    readonly inStore?: Partial<CopyStatus> | null;
    readonly stopped?: boolean;
  }

  function keeps(facts: HeldFacts = {}): string[] {
    const store = facts.inStore === null ? undefined : { ...inStore, ...facts.inStore };
    return reasonsToKeepHeld(
      { ...linked, ...facts.file },
      { atPath: facts.atPath ?? 'our-link', held: { ...afterHold, ...facts.held }, inStore: store },
      facts.stopped ?? false,
    ).map((reason) => reason.code);
  }

  it('returns none for a held original whose link and copy are unchanged', () => expect(keeps()).toEqual([]));

  it.each<[string, HeldFacts]>([
    ['STOPPED', { stopped: true }],
    ['WRONG_STATE', { file: { linkedAt: null } }],
    ['LINK_GONE', { atPath: 'missing' }],
    ['LINK_GONE', { atPath: 'other' }],
    ['HELD_CHANGED', { held: { ino: 1n } }],
    ['HELD_CHANGED', { held: { size: 1n } }],
    ['HELD_CHANGED', { held: { mtimeNs: 1n } }],
    ['COPY_SIZE', { inStore: { size: 1n } }],
    ['COPY_CHANGED', { inStore: { version: 'v2' } }],
    ['COPY_CHANGED', { file: { copyVersion: null } }],
    ['NOT_DURABLE', { inStore: { durable: 'no' } }],
    ['NOT_DURABLE', { inStore: { durable: 'unknown' } }],
  ])('%s', (code, facts) => expect(keeps(facts)).toEqual([code]));

  it.each(fileStates)('checks the file: %s', (state) =>
    expect(keeps({ file: { state } })).toEqual(state === 'linked' ? [] : ['WRONG_STATE']),
  );

  it('returns all reasons at once', () => {
    expect(
      keeps({ stopped: true, atPath: 'missing', held: { ino: 1n }, inStore: null, file: { state: 'undoing' } }),
    ).toEqual(['STOPPED', 'WRONG_STATE', 'LINK_GONE', 'HELD_CHANGED', 'COPY_MISSING', 'NOT_DURABLE']);
  });
});

describe('reasonsToKeepFetched', () => {
  const keeps = (
    facts: { readonly file?: Partial<ArchiveFile>; readonly inStore?: Partial<CopyStatus> | null } = {},
  ): string[] =>
    reasonsToKeepFetched(
      { ...file, state: 'recalled', ...facts.file },
      facts.inStore === null ? undefined : { ...inStore, ...facts.inStore },
    ).map((reason) => reason.code);

  it('returns none while the store has the copy, even if it was not read since a rebuild', () =>
    expect([keeps(), keeps({ file: { copyDigest: null } })]).toEqual([[], []]));

  it.each<[string, Parameters<typeof keeps>[0]]>([
    ['NO_DIGEST', { file: { digests: {} } }],
    ['COPY_SIZE', { inStore: { size: 1n } }],
    ['COPY_DIFFERS', { file: { copyFault: 'COPY_DIFFERS' } }],
    ['COPY_CHANGED', { inStore: { version: 'v2' } }],
    ['NOT_DURABLE', { inStore: { durable: 'unknown' } }],
  ])('%s', (code, facts) => expect(keeps(facts)).toEqual([code]));

  it('returns all reasons at once', () => expect(keeps({ inStore: null })).toEqual(['COPY_MISSING', 'NOT_DURABLE']));
});

describe('reasonsToKeepLink', () => {
  const staged: Identity = { ...identity, ino: 900n, ctimeNs: identity.ctimeNs + 9n };
  const proven: ArchiveFile = {
    ...file,
    state: 'fetchVerified',
    linkedAt: new Date(0),
    retrieval: 'restore',
    fetched: staged,
  };

  interface LinkFacts {
    readonly file?: Partial<ArchiveFile>;
    readonly atPath?: AtPath;
    readonly staged?: Partial<Identity> | null;
    readonly whole?: boolean;
  }

  function keeps(facts: LinkFacts = {}): string[] {
    const lying = facts.staged === null ? null : { ...staged, ...facts.staged };
    return reasonsToKeepLink({ ...proven, ...facts.file }, facts.atPath ?? 'our-link', lying, facts.whole ?? true).map(
      (reason) => reason.code,
    );
  }

  it('returns none for a proven file whose link and staged bytes are unchanged', () => expect(keeps()).toEqual([]));

  it.each<[string, LinkFacts]>([
    ['NO_DIGEST', { file: { digests: {} } }],
    ['FILESET_INCOMPLETE', { whole: false }],
    ['LINK_GONE', { atPath: 'missing' }],
    ['PATH_TAKEN', { atPath: 'other' }],
    ['FETCHED_GONE', { staged: null }],
    ['FETCHED_CHANGED', { file: { fetched: null } }],
    ...(['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).map((fact): [string, LinkFacts] => [
      'FETCHED_CHANGED',
      { staged: { [fact]: staged[fact] + 1n } },
    ]),
    ...(['mode', 'uid', 'gid'] as const).map((fact): [string, LinkFacts] => [
      'FETCHED_CHANGED',
      { staged: { [fact]: staged[fact] + 1 } },
    ]),
    ['COPY_SIZE', { file: { size: 999n } }],
  ])('%s', (code, facts) => expect(keeps(facts)).toEqual([code]));

  it.each(fileStates)('checks the file: %s', (state) =>
    expect(keeps({ file: { state } })).toEqual(state === 'fetchVerified' ? [] : ['WRONG_STATE']),
  );

  it('returns every reason that applies, independently of the others', () => {
    const faults: readonly [string, LinkFacts][] = [
      ['WRONG_STATE', { file: { state: 'linked' } }],
      ['NO_DIGEST', { file: { digests: {} } }],
      ['FILESET_INCOMPLETE', { whole: false }],
      ['PATH_TAKEN', { atPath: 'other' }],
      ['FETCHED_GONE', { staged: null }],
    ];
    for (let set = 0; set < 2 ** faults.length; set += 1) {
      const chosen = faults.filter((_, at) => (set >> at) % 2 === 1);
      const facts = chosen.reduce<LinkFacts>(
        (all, [, each]) => ({ ...all, ...each, file: { ...all.file, ...each.file } }),
        {},
      );
      expect(keeps(facts)).toEqual(chosen.map(([code]) => code));
    }
  });
});

describe('reasonsToKeepOldLink', () => {
  // The copy in the old store is not examined: only the one in the new store counts.
  const moveSealed: ArchiveFile = {
    ...file,
    state: 'moveSealed',
    copyVersion: 'of the old store',
    copyDigest: null,
    copyRead: null,
  };
  const elsewhere: ProvenCopy = { version: 'v1', digest: 'ab'.repeat(32), read: 'direct' };
  const moveLink: MoveLinkPolicy = { stopped: false, acceptedReads: ['direct'], bagMoveSealed: true };
  interface Moved {
    readonly file?: Partial<ArchiveFile>;
    readonly at?: AtPath;
    readonly copy?: Partial<ProvenCopy> | null;
    readonly inStore?: Partial<CopyStatus> | null;
    readonly policy?: Partial<MoveLinkPolicy>;
  }
  const codesOf = ({
    file: change,
    at = 'our-link',
    copy,
    inStore: store,
    policy: some,
  }: Moved = {}): readonly string[] =>
    reasonsToKeepOldLink(
      { ...moveSealed, ...change },
      {
        atPath: at,
        copy: copy === null ? null : { ...elsewhere, ...copy },
        inStore: store === null ? undefined : { ...inStore, ...store },
      },
      { ...moveLink, ...some },
    ).map(({ code }) => code);

  it('returns none where the copy in the other store is good', () => expect(codesOf()).toEqual([]));

  it.each<[string, Moved]>([
    ['STOPPED', { policy: { stopped: true } }],
    ['BAG_INCOMPLETE', { policy: { bagMoveSealed: false } }],
    ['NO_DIGEST', { file: { digests: {} } }],
    ['LINK_GONE', { at: 'missing' }],
    ['PATH_TAKEN', { at: 'other' }],
    ['COPY_SIZE', { inStore: { size: 999n } }],
    ['COPY_CHANGED', { inStore: { version: 'v2' } }],
    ['COPY_CHANGED', { copy: { version: 'v0' } }],
    ['COPY_DIFFERS', { copy: { digest: 'cd'.repeat(32) } }],
    ['COPY_NOT_PROVEN', { copy: { read: 'cached' } }],
    ['COPY_NOT_PROVEN', { policy: { acceptedReads: [] } }],
    ['NOT_DURABLE', { inStore: { durable: 'no' } }],
    ['NOT_DURABLE', { inStore: { durable: 'unknown' } }],
    ['COPY_WRITABLE', { file: { root: 'Pixels' }, inStore: { writable: 'yes' } }],
    ['COPY_WRITABLE', { file: { root: 'Pixels' }, inStore: { writable: 'unknown' } }],
    ['LEGACY_PIXELS_OF_ROOT', { file: { root: 'Pixels', identity: { ...identity, uid: 0 } } }],
  ])('%s (%#)', (code, facts) => expect(codesOf(facts)).toEqual([code]));

  it('requires a copy', () => expect(codesOf({ inStore: null })).toEqual(['COPY_MISSING', 'NOT_DURABLE']));
  it('requires a proof', () => expect(codesOf({ copy: null })).toEqual(['COPY_DIFFERS', 'COPY_NOT_PROVEN']));
  it.each(fileStates.filter((state) => state !== 'moveSealed'))('WRONG_STATE from %s', (state) =>
    expect(codesOf({ file: { state } })).toEqual(['WRONG_STATE']),
  );
  it('identifies the reasons that concern the path alone', () =>
    expect([...pathReasons].sort()).toEqual([...codesOf({ at: 'missing' }), ...codesOf({ at: 'other' })]));
});
