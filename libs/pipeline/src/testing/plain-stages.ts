import { rm } from 'node:fs/promises';
import {
  copyPath,
  type ArchiveFile,
  type FileEvent,
  type FetchOrder,
  type FileState,
  type Identity,
  type Outcome,
  type Source,
  type Store,
} from '@coldroom/domain';
import type { Claim, Transition } from '@coldroom/register';
import type { Files } from '@coldroom/files';
import { tagFiles } from '@coldroom/bagit';
import { type Stores } from '@coldroom/stores';
import { otherStores } from '../bag-stores';
import type { Originals } from '@coldroom/trees';
import type { Staging } from '@coldroom/trees';
import type { Stage, StageName, StageWork } from '../stage';

type Facts = Pick<
  Transition,
  'digests' | 'identity' | 'copyVersion' | 'copyDigest' | 'copyRead' | 'fetched' | 'elsewhere'
>;
type Deed<S> = (claim: Claim, sources: readonly S[], work: StageWork) => Promise<readonly Facts[]>;
type Order = FetchOrder & { readonly as: Identity };

/** Stages that replace the services before the one under test: real digests, real copies, a sealed bag, no checks. */
export function plainStages(files: Files, originals: Originals, store: Store): readonly Stage[] {
  const plain = plainlyOn(async ({ files: some }) => some.map((file) => sourceOf(file, originals)));
  return [
    plain('hash', 'approved', 'hash', 'hashed', async (_claim, sources, work) =>
      (
        await files.hash(
          sources.map((source) => ({ ...source, algorithms: ['SHA-256'] })),
          { direct: false },
          work,
        )
      ).map((outcome) => {
        const { digests, identity } = okOf(outcome);
        return { digests, identity };
      }),
    ),
    plain('copy', 'hashed', 'copy', 'copied', async ({ bag }, sources, work) => {
      (await store.put(bag, sources, work)).forEach(okOf);
      return [];
    }),
    plain('verify', 'copied', 'verify', 'verified', async ({ bag }, sources, work) =>
      (
        await store.digest(
          bag,
          sources.map((source) => source.copyPath),
          ['SHA-256'],
          work,
        )
      ).map((outcome) => {
        const { version, read, digests } = okOf(outcome);
        return { copyVersion: version, copyDigest: digests['SHA-256'], copyRead: read };
      }),
    ),
    plain('seal', 'verified', 'seal', 'sealed', async ({ bag }, sources, work) => {
      await store.seal(
        bag,
        sources.map((source) => source.copyPath),
        [],
        work,
      );
      return [];
    }),
  ];
}

/** The same for the retrieval, up to files that are proven in staging. */
export function plainRetrievals(files: Files, staging: Staging, store: Store): readonly Stage[] {
  const plain = plainlyOn(async (claim): Promise<readonly Order[]> => {
    const targets = await staging.of(claim.files, claim.bag, store);
    return claim.files.map((file, at) => ({
      path: copyPath(file),
      size: file.size,
      target: targets[at] as Order['target'],
      attempt: file.copyAttempts,
      as: file.identity,
    }));
  });
  return [
    plainlyOn(async ({ files: some }) => some.map(copyPath))(
      'bring-online',
      'retrieving',
      'bringOnline',
      'online',
      async ({ bag }, paths, work) => {
        (await store.bringOnline(bag, paths, work)).forEach(okOf);
        return [];
      },
    ),
    plain('fetch', 'online', 'fetch', 'fetched', async ({ bag }, orders, work) => {
      (await store.fetch(bag, orders, work)).forEach(okOf);
      (
        await files.setAttributes(
          orders.map(({ target, as }) => ({ ...target, as, mode: as.mode & 0o7777 })),
          work,
        )
      ).forEach(okOf);
      return [];
    }),
    plain('verify-fetched', 'fetched', 'verifyFetched', 'fetchVerified', async (_claim, orders, work) =>
      (
        await files.hash(
          orders.map(({ target }) => ({ ...target, algorithms: ['SHA-256'] })),
          { direct: false },
          work,
        )
      ).map((outcome) => ({ fetched: okOf(outcome).identity })),
    ),
  ];
}

/** The same for a move to another store, up to a bag that is sealed there. */
export function plainMoves(files: Files, staging: Staging, stores: Stores): readonly Stage[] {
  const plain = plainlyOn(async ({ files: some }) => some);
  return [
    plain('move-copy', 'moving', 'moveCopy', 'moveCopied', async (claim, some, work) => {
      const { from, to } = otherStores(stores, claim);
      const targets = await staging.onTheWay(some, claim.bag);
      (
        await from.fetch(
          claim.bag,
          some.map((file, at) => ({ path: copyPath(file), size: file.size, target: targets[at] as Order['target'] })),
          work,
        )
      ).forEach(okOf);
      (
        await files.setAttributes(
          some.map((file, at) => ({
            ...(targets[at] as Order['target']),
            as: file.identity,
            mode: file.identity.mode & 0o7777,
          })),
          work,
        )
      ).forEach(okOf);
      const seen = await files.inspect(targets);
      (
        await to.put(
          claim.bag,
          some.map((file, at) => ({
            ...(targets[at] as Order['target']),
            copyPath: copyPath(file),
            identity: (seen[at] as { identity: Identity }).identity,
          })),
          work,
        )
      ).forEach(okOf);
      for (const { root, path } of targets) await rm(Buffer.concat([Buffer.from(`${root}/`), path]));
      return [];
    }),
    plain('move-verify', 'moveCopied', 'moveVerify', 'moveVerified', async (claim, some, work) =>
      (await otherStores(stores, claim).to.digest(claim.bag, some.map(copyPath), ['SHA-256'], work)).map((outcome) => {
        const { version, read, digests } = okOf(outcome);
        return { elsewhere: { version, read, digest: digests['SHA-256'] as string } };
      }),
    ),
    plain('move-seal', 'moveVerified', 'moveSeal', 'moveSealed', async (claim, some, work) => {
      const tags = tagFiles({
        bag: claim.bag,
        date: claim.bagCreatedAt,
        files: some.map((file) => ({
          ...file,
          copyPath: copyPath(file),
          imageIds: [],
          owner: claim.owner,
          group: claim.group,
        })),
      });
      await otherStores(stores, claim).to.seal(claim.bag, some.map(copyPath), tags, work);
      return [];
    }),
  ];
}

function plainlyOn<S>(sources: (claim: Claim) => Promise<readonly S[]>) {
  return (name: StageName, takes: Stage['takes'], event: FileEvent, to: FileState, deed: Deed<S>): Stage => ({
    name,
    takes,
    run: async (claim, work) => {
      const facts = await deed(claim, await sources(claim), work);
      return {
        transitions: claim.files.map((file, index) => ({ ...facts[index], id: file.id, event, from: file.state, to })),
      };
    },
  });
}

function sourceOf(file: ArchiveFile, originals: Originals): Source {
  return { root: originals.directory(file.root), path: file.path, copyPath: copyPath(file), identity: file.identity };
}

function okOf<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.ok;
}
