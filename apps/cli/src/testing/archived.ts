import { link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyPath, type FileEvent, type FileState } from '@coldroom/domain';
import type { Stage } from '@coldroom/pipeline';
import type { PlannedOriginal, Workbench } from '@coldroom/pipeline/testing';
import { tagFiles } from '@coldroom/bagit';

/** A workbench; the command line loads its library only where it is needed, and so do its tests. */
export async function workbench(name: string): Promise<Workbench> {
  const testing = await import('@coldroom/pipeline/testing');
  return testing.Workbench.create(name);
}

/** The settings with which the command line uses a workbench. */
export async function settingsOf(bench: Workbench, registerUrl = bench.registerUrl): Promise<Record<string, string>> {
  const path = join(bench.dataDir, 'stores.json');
  const kept = (directory: string): object => ({ kind: 'file', directory, sameFileSystem: true, verify: 'cached' });
  await writeFile(
    path,
    JSON.stringify({
      default: 'main',
      stores: {
        main: kept(bench.storeDir),
        other: kept(bench.otherDir),
        both: { kind: 'copies', of: ['main', 'other'] },
      },
    }),
  );
  return { REGISTER_DATABASE_URL: registerUrl, OMERO_DATA_DIR: bench.dataDir, COLDROOM_STORES: path };
}

/** Archives originals as the services do: proven copies, a self-describing bag, links, held originals. */
export async function archive(
  bench: Workbench,
  filesets: Readonly<Record<string, readonly PlannedOriginal[]>>,
  until: 'linked' | 'released' = 'linked',
): Promise<bigint> {
  const id = await bench.request(filesets);
  await bench.bring('verified');
  for (const stage of until === 'linked' ? [seal(bench), hold(bench)] : [seal(bench), hold(bench), release(bench)]) {
    while (
      (await bench.register.claims.due([stage.takes], 1)).some(() => true) &&
      (await anyOf(bench, id, stage.takes))
    )
      await bench.run(stage);
  }
  return id;
}

async function anyOf(bench: Workbench, requestId: bigint, state: FileState): Promise<boolean> {
  return (await bench.register.reports.files({ requestId, states: [state], limit: 1 })).length > 0;
}

function stage(
  name: Stage['name'],
  takes: Stage['takes'],
  event: FileEvent,
  to: FileState,
  deed: (claim: Parameters<Stage['run']>[0], work: Parameters<Stage['run']>[1]) => Promise<void>,
): Stage {
  return {
    name,
    takes,
    run: async (claim, work) => {
      await deed(claim, work);
      return {
        transitions: claim.files.map((file) => ({ id: file.id, event, from: file.state, to })),
        ...(name === 'seal' ? { sealed: true } : {}),
      };
    },
  };
}

const seal = (bench: Workbench): Stage =>
  stage('seal', 'verified', 'seal', 'sealed', async (claim, work) => {
    const images = await bench.register.claims.imagesOf(claim.requestId, [
      ...new Set(claim.files.map((file) => file.fileset)),
    ]);
    const tags = tagFiles({
      bag: claim.bag,
      date: claim.bagCreatedAt,
      files: claim.files.map((file) => ({
        ...file,
        copyPath: copyPath(file),
        imageIds: images.get(file.fileset) ?? [],
        owner: claim.owner,
        group: claim.group,
      })),
    });
    await bench.stores.default.seal(claim.bag, claim.files.map(copyPath), tags, work);
  });

const hold = (bench: Workbench): Stage =>
  stage('link', 'sealed', 'link', 'linked', async (claim) => {
    await mkdir(join(bench.holdDir, claim.bag), { recursive: true });
    for (const file of claim.files) {
      const at = bench.at(file.path, file.root);
      await link(at, join(bench.holdDir, claim.bag, String(file.id)));
      await symlink(
        bench.stores.default.linkTarget(claim.bag, copyPath(file)),
        Buffer.concat([at, Buffer.from('.new')]),
      );
      await rename(Buffer.concat([at, Buffer.from('.new')]), at);
    }
  });

const release = (bench: Workbench): Stage =>
  stage('release', 'linked', 'release', 'released', async (claim) => {
    for (const file of claim.files) await rm(join(bench.holdDir, claim.bag, String(file.id)));
  });
