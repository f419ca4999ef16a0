import { copyPath, type ArchiveFile, type FileEvent, type FileState, type Outcome, type Source, type Store } from '@coldroom/domain';
import type { Claim, Move } from '@coldroom/register';
import type { Files } from '@coldroom/files';
import type { Originals } from '../originals';
import type { Stage, StageName, StageWork } from '../stage';

type Facts = Pick<Move, 'digests' | 'identity' | 'copyVersion' | 'copyDigest' | 'copyRead'>;
type Deed = (claim: Claim, sources: readonly Source[], work: StageWork) => Promise<readonly Facts[]>;

/** Stages that stand in for the services before the one under test: real digests, real copies, a sealed bag, no judgement. */
export function plainStages(files: Files, originals: Originals, store: Store): readonly Stage[] {
  const plain = (name: StageName, takes: Stage['takes'], event: FileEvent, to: FileState, deed: Deed): Stage => ({
    name, takes,
    run: async (claim, work) => {
      const facts = await deed(claim, claim.files.map((file) => sourceOf(file, originals)), work);
      return { moves: claim.files.map((file, index) => ({ ...facts[index], id: file.id, event, from: file.state, to })) };
    },
  });
  return [
    plain('hash', 'approved', 'hash', 'checksummed', async (_claim, sources, work) =>
      (await files.hash(sources.map((source) => ({ ...source, algorithms: ['SHA-256'] })), { direct: false }, work)).map((outcome) => {
        const { digests, identity } = okOf(outcome);
        return { digests, identity };
      })),
    plain('copy', 'checksummed', 'copy', 'transferred', async ({ bag }, sources, work) => {
      (await store.put(bag, sources, work)).forEach(okOf);
      return [];
    }),
    plain('verify', 'transferred', 'verify', 'verified', async ({ bag }, sources, work) =>
      (await store.digest(bag, sources.map((source) => source.copyPath), ['SHA-256'], work)).map((outcome) => {
        const { version, read, digests } = okOf(outcome);
        return { copyVersion: version, copyDigest: digests['SHA-256'], copyRead: read };
      })),
    plain('ingest', 'verified', 'store', 'durable', async ({ bag }, sources, work) => {
      await store.seal(bag, sources.map((source) => source.copyPath), [], work);
      return [];
    }),
  ];
}

function sourceOf(file: ArchiveFile, originals: Originals): Source {
  return { root: originals.directory(file.root), path: file.path, copyPath: copyPath(file), identity: file.identity };
}

function okOf<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.ok;
}
