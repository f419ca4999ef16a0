import {
  abilities,
  consequencesOf,
  type Ability,
  type AbilityFound,
  type Consequence,
  type FileSystemLook,
  type RootUse,
} from '@coldroom/domain';
import { openRoot, probe } from '@coldroom/files';
import { holdPaths } from '@coldroom/trees';
import { withRegister } from '../open-register';
import { withStores } from '../stores/open';
import type { Surroundings } from '../surroundings';
import { warning, type Finding } from './findings';

/** One line of what `doctor --probe` prints: an ability, whether it is there, and what Coldroom does about it. */
export interface AbilityLine extends AbilityFound {
  readonly ability: Ability;
  readonly weight: Consequence['weight'] | 'fine';
  readonly consequence: string;
}

export interface ProbedDirectory {
  readonly use: RootUse;
  /** The store's name, or `hold`. */
  readonly name: string;
  readonly look: FileSystemLook;
  readonly lines: readonly AbilityLine[];
}

/** Tries the file systems of all hold directories and stores, and keeps the answers in the register if it is there. */
export async function probeFileSystems(around: Surroundings): Promise<readonly ProbedDirectory[]> {
  const { OMERO_DATA_DIR, COLDROOM_HOLD_DIRS, REGISTER_DATABASE_URL: url } = around.settings('originals', 'register');
  const probed: { readonly use: RootUse; readonly name: string; readonly look: FileSystemLook }[] = [];
  for (const path of holdPaths({ OMERO_DATA_DIR, COLDROOM_HOLD_DIRS }))
    probed.push({ use: 'hold', name: 'hold', look: await probe(await openRoot(path, 'hold'), Buffer.alloc(0)) });
  await withStores(around, async ({ stores }) => {
    for (const store of stores.all) {
      await store.check('write').catch(() => undefined); // reported by doctor itself
      for (const look of store.fileSystems ?? []) probed.push({ use: 'store', name: store.name, look });
    }
  });
  return withRegister(url, 'coldroom doctor', async ({ fileSystemLooks }) => {
    const known: ProbedDirectory[] = [];
    for (const { use, name, look } of probed) known.push(explained(use, name, await fileSystemLooks.record(use, look)));
    return known;
  });
}

function explained(use: RootUse, name: string, look: FileSystemLook): ProbedDirectory {
  const consequences = consequencesOf(use, look);
  const lines = abilities.map((ability): AbilityLine => {
    const found = consequences.find((each) => each.ability === ability);
    return { ability, ...look.abilities[ability], weight: found?.weight ?? 'fine', consequence: found?.text ?? '' };
  });
  return { use, name, look, lines };
}

/** What Coldroom works around. What it cannot do without was thrown before. */
export function warningsOf(about: string, use: RootUse, look: FileSystemLook): readonly Finding[] {
  return consequencesOf(use, look)
    .filter(({ weight }) => weight === 'warning')
    .map(({ ability, text }) =>
      warning(about, `its file system${look.type === '' ? '' : ` (${look.type})`} has no ${ability}`, text),
    );
}
